// Detectors that come with the library, as bytes in the program: nothing to find or to lose at run time.
#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// A safetensors file: the classifier for Fashion-MNIST.
const void *cd_fashion(void);
size_t cd_fashion_size(void);

#pragma clang assume_nonnull end
