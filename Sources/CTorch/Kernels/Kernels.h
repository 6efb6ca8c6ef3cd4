// Fused CPU kernels: several memory-bound passes of libtorch in one.
//
// Images are channels-last, [N, H, W, C], in float or bfloat16; statistics and parameters are float. Bodies.inc is
// compiled for each instruction set, and one is chosen at run time, so the build needs no -march=native. The size of
// chunks depends on the shape only: results do not depend on the number of threads.
#pragma once

#include <stdint.h>

#include "MinimalFiltering.h"

namespace ct::kernels {

/// One styled-layer epilogue: t = lrelu(x + strength·noise + bias) − center; y = t·scale + offset.
///
/// The center avoids cancellation in channels whose mean is far above the standard deviation, as in early training.
/// Statistics are computed around the first pixel's value, everything else around the mean.
struct Epilogue {
  const void *x;          // [N, P, C], P = H·W pixels
  const float *noise;     // [N or 1, P]; null: none
  bool sharedNoise;       // one noise image for all samples
  const float *strength;  // [C]; null: none
  const float *bias;      // [C]
  const float *center;    // [N, C]
  int64_t samples, pixels, channels;
  float slope;
};

/// The kernels of one instruction set. `bf16`: images are bfloat16, else float.
struct Table {
  const char *name;
  /// Σ t and Σ t² of pixels [begin, end) of sample n, added to sums[0…C) and sums[C…2C).
  void (*epilogueStatistics)(const Epilogue &, bool bf16, int64_t n, int64_t begin, int64_t end, double *sums);
  /// y = t·scale[c] + offset[c] for pixels [begin, end) of sample n.
  void (*epilogueApply)(const Epilogue &, bool bf16, int64_t n, int64_t begin, int64_t end, const float *scale,
                        const float *offset, void *y);
  /// Σ g and Σ g·t, added to sums[0…C) and sums[C…2C).
  void (*epilogueGradientSums)(const Epilogue &, bool bf16, int64_t n, int64_t begin, int64_t end, const void *g,
                               double *sums);
  /// gx = lrelu'·(a[c]·g + b[c]·t + d[c]); Σ gx and Σ gx·noise are added to sums.
  void (*epilogueGradient)(const Epilogue &, bool bf16, int64_t n, int64_t begin, int64_t end, const void *g,
                           const float *a, const float *b, const float *d, void *gx, double *sums);
  /// y = lrelu(x + bias) for `pixels` pixels.
  void (*biasActivation)(const void *x, bool bf16, const float *bias, float slope, int64_t pixels, int64_t channels,
                         void *y);
  /// gx = g·(y > 0 ? 1 : slope); Σ gx is added to sums[0…C) unless sums is null.
  void (*activationGradient)(const void *g, const void *y, bool bf16, float slope, int64_t pixels, int64_t channels,
                             void *gx, double *sums);
  /// Rows [begin, end) of an [H, W, C] image convolved with [1 2 1]⊗[1 2 1]/16, zero padding.
  void (*blurRows)(const void *x, bool bf16, int64_t height, int64_t width, int64_t channels, int64_t begin,
                   int64_t end, void *y);
  /// 3×3 convolutions.
  MinimalFiltering convolution;
};

/// The table for operations that this thread starts; pass it to their other threads. Throws if the processor lacks the
/// kernels of STYLEGAN_KERNELS.
const Table &table();

const Table *genericTable();
#if defined(__x86_64__)
const Table *avx2Table();
const Table *avx512Table();
const Table *avx512bf16Table();
#elif defined(__aarch64__)
const Table *neonTable();
#endif

/// Calls body(context, i) for i in 0 ..< count on libtorch's threads. The first exception ends the loop and is rethrown
/// after all threads finish.
void parallelFor(int64_t count, void *context, void (*body)(void *context, int64_t i));

template <class Body> void parallelFor(int64_t count, Body &&body) {
  parallelFor(count, &body, [](void *context, int64_t i) { (*static_cast<Body *>(context))(i); });
}

}  // namespace ct::kernels
