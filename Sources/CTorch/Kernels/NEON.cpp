// The kernels for 64-bit ARM processors, all of which have NEON.
#include "Kernels.h"

#if defined(__aarch64__)
#define NEON
namespace ct::kernels {
namespace neon {
#define TABLE_NAME "neon"
#define VECTOR 4
#include "Bodies.inc"
}  // namespace neon
const Table *neonTable() { return &neon::table; }
}  // namespace ct::kernels
#endif
