// Shared by the fused operations: image batches, checks, and functions that other operations call.
#pragma once

#include "../Support.h"

namespace ct::kernels {

inline bool isBFloat16(const at::Tensor &x) { return x.scalar_type() == at::kBFloat16; }

/// Throws unless the kernels support `x` as an image batch [N, C, H, W].
inline void requireImage(const at::Tensor &x) {
  TORCH_CHECK(x.is_cpu() && x.dim() == 4, "a fused kernel takes image batches on the CPU, not ", x.sizes(), " on ",
              x.device());
  TORCH_CHECK(x.scalar_type() == at::kFloat || isBFloat16(x), "a fused kernel takes float32 or bfloat16, not ",
              x.scalar_type());
  TORCH_CHECK(x.numel() > 0, "a fused kernel takes images with pixels, not ", x.sizes());
}

/// Throws unless `values` has one value for each channel of `x`.
inline void requireChannelValues(const at::Tensor &values, const char *name, const at::Tensor &x) {
  TORCH_CHECK(values.is_cpu() && values.dim() == 1 && values.size(0) == x.size(1), "a ", name, " of ", values.sizes(),
              " on ", values.device(), " for features ", x.sizes());
}

/// `x`, [N, C, H, W], in channels-last memory order.
inline at::Tensor image(const at::Tensor &x) {
  requireImage(x);
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

/// Each channel convolved with [1 2 1]⊗[1 2 1]/16, zero padding; differentiable.
at::Tensor blurred(const at::Tensor &x);

/// The gradient of y = lrelu(x + bias): gx = g·(y > 0 ? 1 : slope), in the type of y, and optionally its sum by
/// channel. Differentiable in g if autograd records.
struct ActivationGradient {
  at::Tensor x, bias;
};
ActivationGradient activationGradient(const at::Tensor &g, const at::Tensor &y, double slope, bool wantsBias);

/// Tiles of a convolution per block.
constexpr int64_t blockTiles = 48;

/// Observes the outputs of a 3×3 convolution, [N, C, H, W], while they are in the cache. A sample has at least as many
/// tiles as a block, so a block spans at most two samples.
struct OutputObserver {
  /// Called when the first pixel of every sample is ready; the rest follows in `blocks` blocks.
  virtual void begin(const at::Tensor &y, int64_t blocks) = 0;
  /// Called on any thread when the 2×2 squares [first, first + count), in row order, are ready.
  virtual void see(int64_t block, int64_t first, int64_t count) = 0;

 protected:
  ~OutputObserver() = default;
};

/// Whether the outputs of a sample are too large to stay in the cache until a second pass.
inline bool isWorthObserving(const at::Tensor &x, const at::Tensor &weight) {
  return x.dim() == 4 && weight.dim() == 4 && x.size(2) / 2 * (x.size(3) / 2) >= blockTiles &&
         x.size(2) * x.size(3) * weight.size(0) * x.element_size() >= (int64_t{4} << 20);
}

/// A 3×3 convolution with scale·weight, padding 1; the observed one has no autograd graph. Throws if shapes do not fit.
at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, ct_filters filters, double scale);
at::Tensor observedConvolution(const at::Tensor &x, const at::Tensor &weight, ct_filters filters, double scale,
                               OutputObserver &observer);

}  // namespace ct::kernels
