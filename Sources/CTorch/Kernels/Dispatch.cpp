// Which table runs, and on which threads.
// Support.h comes first: without libtorch it says what to do, before any other header is missed.
#include "../Support.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "Kernels.h"

namespace ct::kernels {

const Table &table() {
  static const Table *chosen = [] {
    const char *wish = getenv("STYLEGAN_KERNELS");  // "generic", "avx2": for tests of the slower ones
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512bf16") && !wish) return avx512bf16Table();
    if (avx512 && (!wish || !strcmp(wish, "avx512"))) return avx512Table();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && (!wish || strcmp(wish, "generic"))) return avx2Table();
#endif
    (void)wish;
    return genericTable();
  }();
  return *chosen;
}

namespace {

struct Work {
  std::atomic<int64_t> next{0};
  int64_t count;
  void *context;
  void (*body)(void *, int64_t);

  static void run(void *self) {
    Work *work = static_cast<Work *>(self);
    for (int64_t i; (i = work->next.fetch_add(1, std::memory_order_relaxed)) < work->count;)
      work->body(work->context, i);
  }
};

}  // namespace

// A second pool of threads beside libtorch's would fight it for the cores, and this file is not compiled with OpenMP:
// the entry point of the OpenMP runtime that libtorch has loaded is called by its name.
void parallelFor(int64_t count, void *context, void (*body)(void *, int64_t)) {
  using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  Work work;
  work.count = count;
  work.context = context;
  work.body = body;
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  if (parallel && threads > 1 && !at::in_parallel_region())
    parallel(Work::run, &work, static_cast<unsigned>(threads), 0);
  else
    Work::run(&work);
}

}  // namespace ct::kernels
