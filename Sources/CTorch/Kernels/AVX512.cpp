// The kernels for processors with AVX-512.
#include "Kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
namespace ct::kernels {
namespace avx512 {
#define TABLE_NAME "avx512"
#define VECTOR 16
#include "Bodies.inc"
}  // namespace avx512
}  // namespace ct::kernels
#pragma clang attribute pop

const ct::kernels::Table *ct::kernels::avx512Table() { return &avx512::table; }
#endif
