#include <vips/vips.h>
#include "CVips.h"
int cv_probe(void) { return vips_version(0); }
