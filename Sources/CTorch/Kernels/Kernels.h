// Our fused CPU kernels: memory-bound passes that libtorch would make one after the other, made at once.
//
// Images are channels-last, [N, H, W, C] in memory, float or bfloat16; statistics and parameters are float. The bodies
// (Bodies.inc) are compiled once for each instruction set and chosen at run time, so the build needs no -march=native.
// Work is cut into chunks whose size depends on the shape alone: results do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "MinimalFiltering.h"

namespace ct::kernels {

/// One styled-layer epilogue: t = lrelu(x + strength·noise + bias) − center; y = t·scale + offset.
///
/// Without the center, a channel whose mean is far above its deviation (any channel, at the start of training) would lose
/// its digits in the sums: statistics are taken around the first pixel's value, everything else around the mean.
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

/// The kernels of one instruction set. `bf16` says how images are stored.
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
  /// gx = g·(y > 0 ? 1 : slope); Σ gx is added to sums[0…C) where sums is not null.
  void (*activationGradient)(const void *g, const void *y, bool bf16, float slope, int64_t pixels, int64_t channels,
                             void *gx, double *sums);
  /// Rows [begin, end) of an [H, W, C] image convolved with [1 2 1]⊗[1 2 1]/16, zeros outside.
  void (*blurRows)(const void *x, bool bf16, int64_t height, int64_t width, int64_t channels, int64_t begin,
                   int64_t end, void *y);
  /// 3×3 convolutions.
  MinimalFiltering convolution;
};

/// The table of the operations that this thread starts; its other threads are given it. Refuses what STYLEGAN_KERNELS names
/// and this processor lacks.
const Table &table();

const Table *genericTable();
#if defined(__x86_64__)
const Table *avx2Table();
const Table *avx512Table();
const Table *avx512bf16Table();
#endif

/// Calls body(context, i) for i in 0 ..< count on libtorch's threads. The first exception of a body ends the loop, and is
/// thrown again where all threads are done.
void parallelFor(int64_t count, void *context, void (*body)(void *context, int64_t i));

template <class Body> void parallelFor(int64_t count, Body &&body) {
  parallelFor(count, &body, [](void *context, int64_t i) { (*static_cast<Body *>(context))(i); });
}

}  // namespace ct::kernels
