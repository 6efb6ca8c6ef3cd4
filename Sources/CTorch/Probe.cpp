#if !__has_include(<ATen/ATen.h>)
#error "libtorch was not found. Run `make build` instead of a bare `swift build`: it fetches libtorch and tells SwiftPM where it is."
#endif
#include <ATen/ATen.h>
#include "CTorch.h"
extern "C" int ct_probe(void) { return (int)at::ones({3}).sum().item<double>(); }
