// What the fused operations share: image batches as the kernels take them, and what one operation does for another.
#pragma once

#include "../Support.h"

namespace ct::kernels {

inline bool isBFloat16(const at::Tensor &x) { return x.scalar_type() == at::kBFloat16; }

/// Refuses what is no image batch [N, C, H, W] that the kernels take.
inline void requireImage(const at::Tensor &x) {
  TORCH_CHECK(x.is_cpu() && x.dim() == 4, "a fused kernel takes image batches on the CPU, not ", x.sizes(), " on ",
              x.device());
  TORCH_CHECK(x.scalar_type() == at::kFloat || isBFloat16(x), "a fused kernel takes float32 or bfloat16, not ",
              x.scalar_type());
  TORCH_CHECK(x.numel() > 0, "a fused kernel takes images with pixels, not ", x.sizes());
}

/// Refuses what is not one value for each channel of `x`.
inline void requireChannelValues(const at::Tensor &values, const char *name, const at::Tensor &x) {
  TORCH_CHECK(values.is_cpu() && values.dim() == 1 && values.size(0) == x.size(1), "a ", name, " of ", values.sizes(),
              " on ", values.device(), " for features ", x.sizes());
}

/// `x`, [N, C, H, W], channels-last in memory.
inline at::Tensor image(const at::Tensor &x) {
  requireImage(x);
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

/// Each channel convolved with [1 2 1]⊗[1 2 1]/16, zeros outside; differentiable.
at::Tensor blurred(const at::Tensor &x);

/// The gradient of y = leaky ReLU of x + bias: gx = g·(y > 0 ? 1 : slope), in the type of y, and, where asked for, its sum
/// by channel. Differentiable in g where gradients are recorded.
struct ActivationGradient {
  at::Tensor x, bias;
};
ActivationGradient activationGradient(const at::Tensor &g, const at::Tensor &y, double slope, bool wantsBias);

/// Tiles of a convolution that are made at once.
constexpr int64_t blockTiles = 48;

/// Looks at the outputs of a 3×3 convolution, [N, C, H, W], while they are in the cache. No sample has fewer tiles than a
/// block, so that a block lies in two samples at most.
struct OutputObserver {
  /// The first pixel of every sample is there; the rest will be in so many blocks.
  virtual void begin(const at::Tensor &y, int64_t blocks) = 0;
  /// The squares of 2×2 outputs [first, first + count), counted along rows, are there. Blocks come from any thread.
  virtual void see(int64_t block, int64_t first, int64_t count) = 0;

 protected:
  ~OutputObserver() = default;
};

/// Whether the outputs of a sample are so large that they leave the cache before another pass comes to them.
inline bool isWorthObserving(const at::Tensor &x, const at::Tensor &weight) {
  return x.dim() == 4 && weight.dim() == 4 && x.size(2) / 2 * (x.size(3) / 2) >= blockTiles &&
         x.size(2) * x.size(3) * weight.size(0) * x.element_size() >= (int64_t{4} << 20);
}

/// A 3×3 convolution with scale·weight, padding 1; observed, without a graph. Refuses what does not fit.
at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, ct_filters filters, double scale);
at::Tensor observedConvolution(const at::Tensor &x, const at::Tensor &weight, ct_filters filters, double scale,
                               OutputObserver &observer);

}  // namespace ct::kernels
