// Operations for metrics only; LAPACK is in libtorch.
#include <ATen/Functions.h>

#include "Support.h"

using namespace ct;

ct_status ct_symmetric_eigen(ct_tensor a, ct_tensor *values, ct_tensor *vectors, char **message) {
  return guarded(message, [&] {
    auto [w, v] = at::linalg_eigh(a->value);
    ct_tensor first = box(w);
    *vectors = box(v);
    *values = first;
  });
}

ct_status ct_cholesky(ct_tensor a, ct_tensor *out, char **message) {
  return guarded(message, [&] {
    auto [factor, info] = at::linalg_cholesky_ex(a->value);
    *out = info.item<int32_t>() == 0 ? box(factor) : nullptr;
  });
}

ct_status ct_singular_values(ct_tensor a, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::linalg_svdvals(a->value); });
}

ct_status ct_solve(ct_tensor a, ct_tensor b, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::linalg_solve(a->value, b->value); });
}

ct_status ct_kth_smallest(ct_tensor a, int64_t k, int64_t dim, ct_tensor *out, char **message) {
  return made(out, message, [&] { return std::get<0>(at::kthvalue(a->value, k, dim)); });
}

ct_status ct_max_pool2d(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::max_pool2d(x->value, kernel, stride, padding); });
}

ct_status ct_avg_pool2d_windowed(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding, ct_tensor *out,
                                 char **message) {
  return made(out, message, [&] {
    return at::avg_pool2d(x->value, kernel, stride, padding, /*ceil_mode=*/false, /*count_include_pad=*/false);
  });
}

ct_status ct_conv2d_rectangular(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding_y,
                                int64_t padding_x, ct_tensor *out, char **message) {
  return made(out, message, [&] {
    return at::conv2d(x->value, weight->value, optional(bias), stride, at::IntArrayRef{padding_y, padding_x});
  });
}

ct_status ct_resize_bilinear(ct_tensor x, int64_t height, int64_t width, bool antialias, ct_tensor *out,
                             char **message) {
  return made(out, message, [&] {
    const int64_t size[] = {height, width};
    const at::IntArrayRef target(size, 2);
    return antialias ? at::_upsample_bilinear2d_aa(x->value, target, false)
                     : at::upsample_bilinear2d(x->value, target, false);
  });
}

ct_status ct_resize_area(ct_tensor x, int64_t height, int64_t width, ct_tensor *out, char **message) {
  return made(out, message, [&] { return at::adaptive_avg_pool2d(x->value, {height, width}); });
}
