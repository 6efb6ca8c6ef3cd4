// libtorch has no C header: this module exists for its flags.
