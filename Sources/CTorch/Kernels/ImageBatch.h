// What the fused operations share: image batches as the kernels take them.
#pragma once

#include "../Support.h"

namespace ct::kernels {

inline bool isBFloat16(const at::Tensor &x) { return x.scalar_type() == at::kBFloat16; }

/// `x`, [N, C, H, W], channels-last in memory.
inline at::Tensor image(const at::Tensor &x) {
  TORCH_CHECK(x.is_cpu() && x.dim() == 4, "a fused kernel takes image batches on the CPU, not ", x.sizes(), " on ",
              x.device());
  TORCH_CHECK(x.scalar_type() == at::kFloat || isBFloat16(x), "a fused kernel takes float32 or bfloat16, not ",
              x.scalar_type());
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace ct::kernels
