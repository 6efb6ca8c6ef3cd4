// The flags of libjpeg.pc are all that this module is for: see CVips.
