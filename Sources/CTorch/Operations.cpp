// Operations that libtorch records and differentiates.
#include "Support.h"

using namespace ct;

// MARK: Elementwise

ct_status ct_unary(int32_t op, ct_tensor a, ct_tensor *out, char **message) {
  return made(out, message, [&]() -> at::Tensor {
    const at::Tensor &x = a->value;
    switch (op) {
      case CT_NEG: return at::neg(x);
      case CT_EXP: return at::exp(x);
      case CT_LOG: return at::log(x);
      case CT_SQRT: return at::sqrt(x);
      case CT_RSQRT: return at::rsqrt(x);
      case CT_SQUARE: return at::square(x);
      case CT_ABS: return at::abs(x);
      case CT_TANH: return at::tanh(x);
      case CT_SIGMOID: return at::sigmoid(x);
      case CT_RELU: return at::relu(x);
      case CT_SOFTPLUS: return at::softplus(x);
      case CT_SIN: return at::sin(x);
      case CT_COS: return at::cos(x);
      case CT_ACOS: return at::acos(x);
      case CT_ISFINITE: return at::isfinite(x);
      case CT_CLONE: return x.clone();
      case CT_DETACH: return x.detach();
      default: TORCH_CHECK(false, "unknown unary operation ", op);
    }
  });
}

ct_status ct_binary(int32_t op, ct_tensor a, ct_tensor b, ct_tensor *out, char **message) {
  return made(out, message, [&]() -> at::Tensor {
    const at::Tensor &x = a->value, &y = b->value;
    switch (op) {
      case CT_ADD: return at::add(x, y);
      case CT_SUB: return at::sub(x, y);
      case CT_MUL: return at::mul(x, y);
      case CT_DIV: return at::div(x, y);
      case CT_MATMUL: return at::matmul(x, y);
      default: TORCH_CHECK(false, "unknown binary operation ", op);
    }
  });
}

ct_status ct_scalar(int32_t op, ct_tensor a, double value, ct_tensor *out, char **message) {
  return made(out, message, [&]() -> at::Tensor {
    const at::Tensor &x = a->value;
    switch (op) {
      case CT_ADD_SCALAR: return at::add(x, value);
      case CT_MUL_SCALAR: return at::mul(x, value);
      case CT_POW_SCALAR: return at::pow(x, value);
      case CT_LEAKY_RELU: return at::leaky_relu(x, value);
      case CT_CLAMP_MIN: return at::clamp_min(x, value);
      case CT_CLAMP_MAX: return at::clamp_max(x, value);
      default: TORCH_CHECK(false, "unknown scalar operation ", op);
    }
  });
}

ct_status ct_lerp(ct_tensor a, ct_tensor b, double weight, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::lerp(a->value, b->value, weight); });
}

ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::where(condition->value, a->value, b->value); });
}

ct_status ct_less(ct_tensor a, ct_tensor b, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::lt(a->value, b->value); });
}

// MARK: Reductions

ct_status ct_reduce(int32_t op, ct_tensor a, const int64_t *dims, int64_t count, bool keep, ct_tensor *out,
                    char **message) {
  return made(out, message, [&]() -> at::Tensor {
    const at::Tensor &x = a->value;
    std::vector<int64_t> over(dims, dims + count);
    if (over.empty())
      for (int64_t i = 0; i < x.dim(); ++i) over.push_back(i);
    switch (op) {
      case CT_SUM: return at::sum(x, over, keep);
      case CT_MEAN: return at::mean(x, over, keep);
      case CT_AMAX: return at::amax(x, over, keep);
      case CT_AMIN: return at::amin(x, over, keep);
      default: TORCH_CHECK(false, "unknown reduction ", op);
    }
  });
}

ct_status ct_variance(ct_tensor a, const int64_t *dims, int64_t count, bool unbiased, bool keep, ct_tensor *out,
                      char **message) {
  return made(out, message, [&] { return at::var(a->value, sizes(dims, count), unbiased, keep); });
}

ct_status ct_sort(ct_tensor a, int64_t dim, ct_tensor *out, char **message) {
  return made(out, message, [&] { return std::get<0>(at::sort(a->value, dim)); });
}

ct_status ct_argmax(ct_tensor a, int64_t dim, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::argmax(a->value, dim); });
}

// MARK: Shape and device

ct_status ct_to(ct_tensor a, int32_t dtype, ct_device d, int32_t layout, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    at::MemoryFormat format = layout == CT_CHANNELS_LAST ? at::MemoryFormat::ChannelsLast
                              : layout == CT_CONTIGUOUS  ? at::MemoryFormat::Contiguous
                                                         : at::MemoryFormat::Preserve;
    at::Tensor x = a->value.to(device(d), scalarType(dtype), false, false, format);
    return layout == CT_PRESERVE ? x : x.contiguous(format);
  });
}

ct_status ct_reshape(ct_tensor a, const int64_t *s, int64_t dims, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::reshape(a->value, sizes(s, dims)); });
}

ct_status ct_permute(ct_tensor a, const int64_t *order, int64_t dims, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::permute(a->value, sizes(order, dims)); });
}

ct_status ct_expand(ct_tensor a, const int64_t *s, int64_t dims, ct_tensor *out, char **message) {
  return made(out, message, [&] { return a->value.expand(sizes(s, dims)); });
}

ct_status ct_slice(ct_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::slice(a->value, dim, start, end, step); });
}

ct_status ct_concatenate(const ct_tensor *tensors, int64_t count, int64_t dim, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::cat(unboxed(tensors, count), dim); });
}

ct_status ct_flip(ct_tensor a, const int64_t *dims, int64_t count, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::flip(a->value, sizes(dims, count)); });
}

ct_status ct_index_select(ct_tensor a, int64_t dim, ct_tensor index, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::index_select(a->value, dim, index->value); });
}

ct_status ct_pad(ct_tensor a, const int64_t *amounts, int64_t count, int32_t mode, ct_tensor *out, char **message) {
  return made(out, message, [&]() -> at::Tensor {
    return mode == CT_PAD_REFLECT ? at::pad(a->value, sizes(amounts, count), "reflect")
                                  : at::constant_pad_nd(a->value, sizes(amounts, count), 0);
  });
}

// MARK: Neural networks

ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::linear(x->value, weight->value, optional(bias)); });
}

ct_status ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, int64_t groups,
                    ct_tensor *out, char **message) {
  return made(out, message, [&] {
    return at::conv2d(x->value, weight->value, optional(bias), {stride, stride}, at::IntArrayRef{padding, padding},
                      {1, 1}, groups);
  });
}

ct_status ct_conv_transpose2d(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding,
                              int64_t groups, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    return at::conv_transpose2d(x->value, weight->value, optional(bias), {stride, stride}, {padding, padding}, {0, 0},
                                groups);
  });
}

ct_status ct_avg_pool2d(ct_tensor x, int64_t kernel, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::avg_pool2d(x->value, {kernel, kernel}, {kernel, kernel}); });
}

ct_status ct_upsample_nearest2d(ct_tensor x, int64_t factor, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    const double scale = static_cast<double>(factor);
    return at::upsample_nearest2d(x->value, {x->value.size(2) * factor, x->value.size(3) * factor}, scale, scale);
  });
}

ct_status ct_batch_norm(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor mean, ct_tensor var, bool training,
                        double momentum, double epsilon, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    return at::batch_norm(x->value, optional(weight), optional(bias), mean->value, var->value, training, momentum,
                          epsilon, false);
  });
}
