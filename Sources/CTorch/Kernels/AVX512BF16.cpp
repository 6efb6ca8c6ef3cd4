// The kernels for processors with AVX-512 BF16.
#include "Kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,avx512bf16"))), \
                             apply_to = function)
namespace ct::kernels {
namespace avx512bf16 {
#define TABLE_NAME "avx512bf16"
#define VECTOR 16
#define BF16_PAIRS
#include "Bodies.inc"
}  // namespace avx512bf16
}  // namespace ct::kernels
#pragma clang attribute pop

const ct::kernels::Table *ct::kernels::avx512bf16Table() { return &avx512bf16::table; }
#endif
