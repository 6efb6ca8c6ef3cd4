// The flags of vips.pc are all that this module is for: see CVips.
