// The kernels for any processor: the compiler's default instruction set (SSE2 on x86-64).
#include "Kernels.h"

namespace ct::kernels {
namespace generic {
#define TABLE_NAME "generic"
#define VECTOR 4
#include "Bodies.inc"
}  // namespace generic
const Table *genericTable() { return &generic::table; }
}  // namespace ct::kernels
