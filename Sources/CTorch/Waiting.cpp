// Measures what sleeping threads cost on this machine: how long it takes to wake one, and how long a turn of waiting awake is.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "CTorch.h"

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One turn of the loop in which OpenMP's threads wait awake.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#else
  asm volatile("" ::: "memory");
#endif
}

}  // namespace

static double timeWaking() {
  std::mutex mutex;
  std::condition_variable signal;
  constexpr int trials = 25;
  int asked = 0;
  std::atomic<int> answered{0};
  std::thread sleeper([&] {
    for (int trial = 1; trial <= trials; ++trial) {
      std::unique_lock<std::mutex> lock(mutex);
      signal.wait(lock, [&] { return asked == trial; });
      answered = trial;
    }
  });
  std::vector<double> times;
  for (int trial = 1; trial <= trials; ++trial) {
    // Until the sleeper and its processor sleep. This thread stays awake, as one that computes does.
    for (const auto start = Clock::now(); secondsSince(start) < 100e-6;) relax();
    const auto start = Clock::now();
    {
      std::lock_guard<std::mutex> lock(mutex);
      asked = trial;
    }
    signal.notify_one();
    while (answered != trial && secondsSince(start) < 10e-3) relax();
    while (answered != trial) std::this_thread::yield();
    times.push_back(secondsSince(start));
  }
  sleeper.join();
  std::sort(times.begin(), times.end());
  return times[trials / 2];
}

double ct_time_waking(void) {
  // Where the system gives no second thread, nothing waits.
  try {
    return timeWaking();
  } catch (const std::exception &) {
    return 0;
  }
}

double ct_time_spin(void) {
  double least = 1;
  for (int trial = 0; trial < 3; ++trial) {
    const auto start = Clock::now();
    for (int turn = 0; turn < 1000; ++turn) relax();
    least = std::min(least, secondsSince(start) / 1000);
  }
  return least;
}
