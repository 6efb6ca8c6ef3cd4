// 3×3 convolutions by minimal filtering (Winograd 1980; Lavin & Gray 2016, F(2×2, 3×3)): a 2×2 square of outputs takes
// 16 products; direct convolution takes 36. With doubling before the convolution or 2×2 averaging after it, 9 products
// remain; a fused 4×4 kernel takes 16.
//
//   1-D:  y = Aᵀ[(G g) ⊙ (Bᵀ d)], 2-D: the same along rows, then columns.
//   none: Bᵀd = (d0−d2, d1+d2, d2−d1, d1−d3);  Gg = (g0, (g0+g1+g2)/2, (g0−g1+g2)/2, g2);  y = (m0+m1+m2, m1−m2−m3)
//   up:   d = (a, b, b, c): Bᵀd = (a−b, b, b−c);  Gg = (g0, g0+g1+g2, g2);  y = (m0+m1, m1−m2)
//   down: Bᵀd = (d0−d2, d1+d2, d1−d3);  Gg = (g0, g0+g1+g2, −g2)/2;  y = m0+m1+m2, one sum over all positions
//
// The products of all tiles at one position are one matrix product: [tiles × inputs]·[inputs × outputs].
#pragma once

#include <stdint.h>

namespace ct::kernels {

/// The change of resolution before or after a 3×3 convolution with zero padding.
enum class Resample : int32_t { none, up, down };

/// The number of products of a tile.
constexpr int64_t positions(Resample kind) { return kind == Resample::none ? 16 : 9; }

/// Divides an image batch [N, H, W, C] into tiles; each gives 2×2 outputs (down: one).
struct TileGrid {
  Resample kind;
  int64_t samples, height, width;  // of the input

  int64_t rows() const { return kind == Resample::up ? height : height / 2; }
  int64_t columns() const { return kind == Resample::up ? width : width / 2; }
  int64_t count() const { return samples * rows() * columns(); }
};

/// A transformed operand. `pairs`: bfloat16 with two adjacent steps of the product, else float.
struct Operand {
  void *data;
  bool pairs;
  int64_t channels;
  int64_t tiles;  // rows of the block
};

/// A bias for each channel and leaky ReLU, applied to the outputs; null bias: neither.
struct Activation {
  const float *bias = nullptr;
  float slope = 1;
};

/// The kernels of one instruction set.
///
/// Row-major operands: [position][tile][stride] (down: [tile][position][stride]), channels padded with zeros to
/// `stride(channels)`. Panels: [position][channels / panel][tile][panel], with adjacent pairs of tiles. A gap of
/// `positionGap` elements between positions avoids conflicts in one cache set.
constexpr int64_t positionGap = 32;

struct MinimalFiltering {
  int64_t panel;   // columns per step of a matrix product
  int64_t vector;  // channels are padded to multiples of it
  bool pairs;      // whether the processor multiplies bfloat16

  /// One panel of outputs of U = scale·G g Gᵀ for a weight [outputs, inputs, 3, 3]. Transposed: flipped in space, with
  /// inputs and outputs exchanged in memory.
  void (*packFilters)(Resample, const float *weight, int64_t outputs, int64_t inputs, bool transposed, float scale,
                      bool pairs, int64_t panelIndex, void *packed);
  /// Bᵀ d B of tiles [first, first + count), row-major or (except up) in panels; `out.channels` channels from `begin`.
  void (*transformInput)(const TileGrid &, const void *image, bool bf16, int64_t imageChannels, int64_t begin,
                         int64_t first, int64_t count, bool panels, const Operand &out);
  /// A g Aᵀ of tiles of the output gradient, in panels.
  void (*transformGradient)(const TileGrid &, const void *gradient, bool bf16, int64_t first, int64_t count,
                            const Operand &out);
  /// Aᵀ m A: products [position][tile][stride], with gaps, of tiles [first, first + count) → output channels
  /// [begin, begin + channels), with the activation.
  void (*transformOutput)(const TileGrid &, const float *products, int64_t stride, int64_t first, int64_t count,
                          int64_t begin, int64_t channels, int64_t imageChannels, const Activation &, bool bf16,
                          void *image);
  /// c[rows × panel] = a[rows × steps]·b[steps × panel], a row-major.
  void (*multiply)(bool pairs, const void *a, int64_t stride, const void *b, int64_t steps, int64_t rows, float *c,
                   int64_t cStride);
  /// c[rows × panel] (+)= aᵀ·b for panels a, b [steps × panel].
  void (*multiplyTransposed)(bool pairs, const void *a, const void *b, int64_t steps, int64_t rows, float *c,
                             int64_t cStride, bool accumulate);
  /// dW = scale·Gᵀ dU G for one input channel. dU is the sum of `parts` arrays at distance `partStride`; each is
  /// [position][columns] with `planeStride` between positions.
  void (*filterGradient)(Resample, const float *products, int64_t planeStride, int64_t parts, int64_t partStride,
                         int64_t outputs, float scale, float *dW, int64_t dWStride);

  int64_t stride(int64_t channels) const { return (channels + vector - 1) / vector * vector; }
  int64_t panelCount(int64_t channels) const { return (channels + panel - 1) / panel; }
};

}  // namespace ct::kernels
