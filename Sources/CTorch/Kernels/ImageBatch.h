// What the fused operations share: image batches as the kernels take them.
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

/// The gradient of y = leaky ReLU of x + bias: gx = g·(y > 0 ? 1 : slope), in the type of y, and, where asked for, its sum
/// by channel. Differentiable in g where gradients are recorded.
struct ActivationGradient {
  at::Tensor x, bias;
};
ActivationGradient activationGradient(const at::Tensor &g, const at::Tensor &y, double slope, bool wantsBias);

}  // namespace ct::kernels
