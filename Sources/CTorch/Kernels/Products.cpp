// Times the matrix products of minimal filtering alone, for benchmarks.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>

#include <chrono>

#include "Kernels.h"

using namespace ct;

ct_status ct_time_products(bool pairs, int64_t channels, int64_t tiles, int64_t repetitions, double *seconds,
                           ct_message message) {
  return guarded(message, [&] {
    const auto &f = kernels::table().convolution;
    const bool together = pairs && f.pairs;
    const int64_t positions = kernels::positions(kernels::Resample::none), steps = f.stride(channels);
    const int64_t panels = f.panelCount(channels), elementSize = together ? 2 : 4, columns = panels * f.panel;
    const int64_t gap = kernels::positionGap;
    // As pairs of bfloat16 the bits are numbers of any size, among them infinities; products take the same time with them.
    const at::Tensor a = at::rand({positions * (tiles * steps + gap)}), b = at::rand({positions * columns * steps});
    at::Tensor c = at::empty({positions * (tiles * columns + gap)});
    float *sums = c.mutable_data_ptr<float>();
    const auto *left = static_cast<const char *>(a.const_data_ptr());
    const auto *right = static_cast<const char *>(b.const_data_ptr());
    const auto start = std::chrono::steady_clock::now();
    for (int64_t repetition = 0; repetition < repetitions; ++repetition)
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t j = 0; j < panels; ++j)
          f.multiply(together, left + p * (tiles * steps + gap) * elementSize, steps,
                     right + (p * panels + j) * steps * f.panel * elementSize, steps, tiles,
                     sums + p * (tiles * columns + gap) + j * f.panel, columns);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    *seconds = time.count() / static_cast<double>(repetitions);
  });
}
