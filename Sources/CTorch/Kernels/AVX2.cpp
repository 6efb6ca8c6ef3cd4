// The kernels for processors with AVX2 and FMA.
#include "Kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace ct::kernels {
namespace avx2 {
#define TABLE_NAME "avx2"
#define VECTOR 8
#include "Bodies.inc"
}  // namespace avx2
}  // namespace ct::kernels
#pragma clang attribute pop

const ct::kernels::Table *ct::kernels::avx2Table() { return &avx2::table; }
#endif
