// Chooses the table of kernels and the threads.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "Kernels.h"

namespace ct::kernels {
namespace {

/// The tables that the processor supports, best first.
const std::vector<const Table *> &available() {
  static const std::vector<const Table *> tables = [] {
    std::vector<const Table *> found;
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512bf16")) found.push_back(avx512bf16Table());
    if (avx512) found.push_back(avx512Table());
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(avx2Table());
#elif defined(__aarch64__)
    found.push_back(neonTable());
#endif
    found.push_back(genericTable());
    return found;
  }();
  return tables;
}

/// The table `name`; throws if the processor does not support it.
const Table &named(const std::string &name) {
  std::string list;
  for (const Table *table : available()) {
    if (name == table->name) return *table;
    list += (list.empty() ? "" : ", ") + std::string(table->name);
  }
  TORCH_CHECK(false, "this processor has no kernels '", name, "'; set STYLEGAN_KERNELS to one of: ", list);
}

/// The table named by STYLEGAN_KERNELS, else the best.
const Table &preferred() {
  static const Table &table = []() -> const Table & {
    const char *wish = getenv("STYLEGAN_KERNELS");
    return wish && *wish ? named(wish) : *available().front();
  }();
  return table;
}

thread_local const Table *chosen = nullptr;
thread_local int32_t pool = CT_POOL_DEFAULT;

/// A parallel loop: each thread repeatedly takes the next index.
struct Work {
  const int64_t count;
  void *const context;
  void (*const body)(void *, int64_t);
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error = nullptr;

  /// Keeps the first exception and skips the remaining indices; no exception leaves a thread.
  static void run(void *self) noexcept {
    Work &work = *static_cast<Work *>(self);
    try {
      for (int64_t i; (i = work.next.fetch_add(1, std::memory_order_relaxed)) < work.count;) work.body(work.context, i);
    } catch (...) {
      if (!work.failed.exchange(true)) work.error = std::current_exception();
      work.next = work.count;
    }
  }
};

/// The entry point of libtorch's OpenMP runtime, found by name. This file is compiled without OpenMP: a second thread
/// pool would compete with libtorch's for the cores.
using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
Parallel openMP() {
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return pool == CT_POOL_LIBTORCH ? nullptr : parallel;
}

/// Runs on libtorch's pool through a TensorIterator: the template `at::parallel_for` is a serial loop without OpenMP.
void runOnLibtorch(Work &work, int64_t threads) {
  at::Tensor shares = at::empty({threads}, at::kByte);
  at::TensorIterator::nullary_op(shares).for_each([&](char **, const int64_t *, int64_t, int64_t) { Work::run(&work); },
                                                  /*grain_size=*/1);
}

}  // namespace

const Table &table() { return chosen ? *chosen : preferred(); }

void parallelFor(int64_t count, void *context, void (*body)(void *, int64_t)) {
  Work work{count, context, body};
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  if (threads <= 1 || at::in_parallel_region()) Work::run(&work);
  else if (const Parallel parallel = openMP()) parallel(Work::run, &work, static_cast<unsigned>(threads), 0);
  else runOnLibtorch(work, threads);
  if (work.error) std::rethrow_exception(work.error);
}

}  // namespace ct::kernels

using namespace ct;

const char *ct_kernels_available(int32_t index) {
  const auto &tables = kernels::available();
  return index < static_cast<int32_t>(tables.size()) ? tables[index]->name : nullptr;
}

ct_status ct_kernels_in_use(const char **name, char **message) {
  return guarded(message, [&] { *name = kernels::table().name; });
}

ct_status ct_kernels_use(const char *name, char **message) {
  return guarded(message, [&] { kernels::chosen = name ? &kernels::named(name) : nullptr; });
}

int32_t ct_thread_pool(void) { return kernels::openMP() ? CT_POOL_OPENMP : CT_POOL_LIBTORCH; }
void ct_thread_pool_use(int32_t pool) { kernels::pool = pool; }
