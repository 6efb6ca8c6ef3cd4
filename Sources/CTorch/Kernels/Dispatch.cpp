// Which table runs, and on which threads.
// Support.h comes first: without libtorch it says what to do, before any other header is missed.
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

/// The tables this processor runs, best first.
const std::vector<const Table *> &available() {
  static const std::vector<const Table *> tables = [] {
    std::vector<const Table *> found;
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512bf16")) found.push_back(avx512bf16Table());
    if (avx512) found.push_back(avx512Table());
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(avx2Table());
#endif
    found.push_back(genericTable());
    return found;
  }();
  return tables;
}

/// The table called `name`; refuses what this processor does not run.
const Table &named(const std::string &name) {
  std::string list;
  for (const Table *table : available()) {
    if (name == table->name) return *table;
    list += (list.empty() ? "" : ", ") + std::string(table->name);
  }
  TORCH_CHECK(false, "this processor runs no kernels '", name, "'; STYLEGAN_KERNELS can be one of: ", list);
}

/// What the user asked for, or the best.
const Table &preferred() {
  static const Table &table = []() -> const Table & {
    const char *wish = getenv("STYLEGAN_KERNELS");
    return wish && *wish ? named(wish) : *available().front();
  }();
  return table;
}

thread_local const Table *chosen = nullptr;
thread_local int32_t pool = CT_POOL_DEFAULT;

/// A loop shared out to threads, each of which takes the next index when it is done with one.
struct Work {
  const int64_t count;
  void *const context;
  void (*const body)(void *, int64_t);
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error = nullptr;

  /// No exception leaves a thread: the first is kept, and the indices that are left are skipped.
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

/// The entry point of the OpenMP runtime that libtorch has loaded, by its name: this file is not compiled with OpenMP,
/// and a second pool of threads would fight libtorch's for the cores.
using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
Parallel openMP() {
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return pool == CT_POOL_LIBTORCH ? nullptr : parallel;
}

/// `at::parallel_for` as libtorch was compiled: its template would be a plain loop here, without OpenMP.
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
