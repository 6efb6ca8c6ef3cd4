// Shared by all files of the shim: the handles and the exception barrier.
#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch was not found. Run `make build` instead of `swift build`: it downloads libtorch and sets its path."
#endif

#include <ATen/ATen.h>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "CTorch.h"

struct ct_tensor_box {
  at::Tensor value;
};
struct ct_generator_box {
  at::Generator value;
};

namespace ct {

inline ct_tensor box(at::Tensor value) { return new ct_tensor_box{std::move(value)}; }

/// Runs `body`; converts any exception into status 1 and a message owned by the caller.
template <class Body> ct_status guarded(char **message, Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    *message = strdup(error.what_without_backtrace());
  } catch (const std::exception &error) {
    *message = strdup(error.what());
  } catch (...) {
    *message = strdup("unknown C++ exception");
  }
  return 1;
}

/// `guarded` for a body that returns one tensor.
template <class Body> ct_status made(ct_tensor *out, char **message, Body &&body) noexcept {
  return guarded(message, [&] { *out = box(body()); });
}

/// The elements of a contiguous tensor. libtorch's own template of this name has another symbol under Clang in 2.11.
template <class T> const T *elements(const at::Tensor &tensor) {
  return static_cast<const T *>(tensor.const_data_ptr());
}

inline at::IntArrayRef sizes(const int64_t *values, int64_t count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

inline std::vector<at::Tensor> unboxed(const ct_tensor *tensors, int64_t count) {
  std::vector<at::Tensor> values;
  values.reserve(count);
  for (int64_t i = 0; i < count; ++i) values.push_back(tensors[i]->value);
  return values;
}

inline c10::optional<at::Tensor> optional(ct_tensor tensor) {
  return tensor ? c10::optional<at::Tensor>(tensor->value) : c10::nullopt;
}

/// libtorch's types in the order CT_FLOAT64 … CT_BOOL.
constexpr at::ScalarType scalarTypes[CT_DTYPE_UNKNOWN] = {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16,
                                                          at::kLong,   at::kInt,   at::kByte, at::kBool};

inline at::ScalarType scalarType(int32_t dtype) {
  TORCH_CHECK(dtype >= 0 && dtype < CT_DTYPE_UNKNOWN, "unknown dtype code ", dtype);
  return scalarTypes[dtype];
}

inline at::Device device(ct_device device) {
  switch (device.kind) {
    case CT_CPU: return at::Device(at::kCPU);
    case CT_CUDA: return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
    case CT_MPS: return at::Device(at::kMPS, static_cast<c10::DeviceIndex>(device.index));
    case CT_META: return at::Device(at::kMeta);
    default: TORCH_CHECK(false, "unknown device code ", device.kind);
  }
}

}  // namespace ct
