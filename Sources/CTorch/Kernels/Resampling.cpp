// The geometric resampling of augmented images: an affine map of each image between two low-pass filters, in one pass.
// It is linear in the image. The adjoint is its gradient, and it is the adjoint's, so gradients of any order are fast.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "Kernels.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
namespace kernels = ct::kernels;

constexpr int64_t taps = 12;
// Pixels that the two filters reach beyond an image.
constexpr int64_t reach = taps / 4;

/// The filter, and the margins of the padding by reflection.
struct Frame {
  float filter[taps];
  int64_t left, top, right, bottom;
};

/// The columns or rows of a padded image: the pixel of the image at each place, reflected as often as needed.
std::vector<int32_t> reflection(int64_t before, int64_t size, int64_t after) {
  std::vector<int32_t> table(before + size + after);
  const int64_t period = std::max<int64_t>(2 * (size - 1), 1);
  for (int64_t i = 0; i < static_cast<int64_t>(table.size()); ++i) {
    const int64_t at = ((i - before) % period + period) % period;
    table[i] = static_cast<int32_t>(at < size ? at : period - at);
  }
  return table;
}

/// One image plane on its way: padded by reflection, enlarged twice, sampled by an affine map, filtered and halved.
///
/// Only the part of the enlarged image that the map reaches is computed: columns [u0, u1), rows [v0, v1).
class Plane {
 public:
  Plane(const Frame &frame, int64_t height, int64_t width, const std::vector<int32_t> &rows,
        const std::vector<int32_t> &columns, const double *map)
      : frame(frame), height(height), width(width), rows(rows), columns(columns), map(map),
        up(2 * static_cast<int64_t>(columns.size())), upRows(2 * static_cast<int64_t>(rows.size())),
        sampled(2 * (width + 2 * reach)), sampledRows(2 * (height + 2 * reach)) {
    double low[2] = {1e300, 1e300}, high[2] = {-1e300, -1e300};
    for (double i : {1.0, static_cast<double>(sampledRows - 2)})
      for (double j : {1.0, static_cast<double>(sampled - 2)})
        for (int k = 0; k < 2; ++k) {
          const double at = map[3 * k] * j + map[3 * k + 1] * i + map[3 * k + 2];
          low[k] = std::min(low[k], at);
          high[k] = std::max(high[k], at);
        }
    // Clamped before the conversion, which is undefined for large numbers.
    auto bound = [](double at, int64_t size) {
      return static_cast<int64_t>(std::clamp(std::floor(at), -2.0, static_cast<double>(size) + 2));
    };
    u0 = std::clamp<int64_t>(bound(low[0], up) - 1, 0, up), u1 = std::clamp<int64_t>(bound(high[0], up) + 3, u0, up);
    v0 = std::clamp<int64_t>(bound(low[1], upRows) - 1, 0, upRows);
    v1 = std::clamp<int64_t>(bound(high[1], upRows) + 3, v0, upRows);
    k0 = std::clamp<int64_t>(v0 / 2 - reach, 0, upRows / 2),
    k1 = std::clamp<int64_t>(v1 / 2 + reach + 1, k0, upRows / 2);
    const int64_t part = u1 - u0;
    line.resize(up / 2 + 2 * reach + 2);
    wide.resize((k1 - k0) * part);
    large.resize((v1 - v0) * part);
    row.resize(sampled);
    narrow.resize(sampledRows * width);
  }

  void forward(const float *x, float *y) {
    const int64_t part = u1 - u0;
    if (part == 0 || v1 == v0) {
      std::fill_n(y, height * width, 0.f);
      return;
    }
    for (int64_t k = k0; k < k1; ++k) {
      const float *source = x + rows[k] * width;
      for (int64_t i = 0; i < up / 2; ++i) line[i + reach] = source[columns[i]];
      float *target = &wide[(k - k0) * part];
      for (int64_t u = u0; u < u1; ++u) {
        const int64_t first = firstTap(u);
        const float *from = &line[firstPixel(u) + reach];
        float sum = 0;
        for (int64_t t = 0; t < taps / 2; ++t) sum += frame.filter[first - 2 * t] * from[t];
        target[u - u0] = 2 * sum;
      }
    }
    std::fill(large.begin(), large.end(), 0.f);
    eachRowTap([&](int64_t v, int64_t k, float weight) {
      float *to = &large[(v - v0) * part];
      const float *from = &wide[(k - k0) * part];
      for (int64_t u = 0; u < part; ++u) to[u] += weight * from[u];
    });
    for (int64_t i = 1; i < sampledRows - 1; ++i) {
      for (int64_t j = 1; j < sampled - 1; ++j) {
        const Place place(*this, i, j);
        float sum = 0;
        place.each([&](int64_t at, float weight) { sum += weight * large[at]; });
        row[j] = sum;
      }
      for (int64_t o = 0; o < width; ++o) {
        float sum = 0;
        for (int64_t m = 0; m < taps; ++m) sum += frame.filter[m] * row[2 * o + m + 1];
        narrow[i * width + o] = sum;
      }
    }
    std::fill_n(y, height * width, 0.f);
    for (int64_t o = 0; o < height; ++o)
      for (int64_t m = 0; m < taps; ++m) {
        const float *from = &narrow[(2 * o + m + 1) * width], weight = frame.filter[m];
        for (int64_t j = 0; j < width; ++j) y[o * width + j] += weight * from[j];
      }
  }

  /// x = Tᵀ·y, where `forward` is T.
  void adjoint(const float *y, float *x) {
    const int64_t part = u1 - u0;
    std::fill_n(x, height * width, 0.f);
    if (part == 0 || v1 == v0) return;
    std::fill(narrow.begin(), narrow.end(), 0.f);
    for (int64_t o = 0; o < height; ++o)
      for (int64_t m = 0; m < taps; ++m) {
        float *to = &narrow[(2 * o + m + 1) * width];
        const float weight = frame.filter[m];
        for (int64_t j = 0; j < width; ++j) to[j] += weight * y[o * width + j];
      }
    std::fill(large.begin(), large.end(), 0.f);
    for (int64_t i = 1; i < sampledRows - 1; ++i) {
      std::fill(row.begin(), row.end(), 0.f);
      for (int64_t o = 0; o < width; ++o) {
        const float value = narrow[i * width + o];
        for (int64_t m = 0; m < taps; ++m) row[2 * o + m + 1] += frame.filter[m] * value;
      }
      for (int64_t j = 1; j < sampled - 1; ++j) {
        const Place place(*this, i, j);
        const float value = row[j];
        place.each([&](int64_t at, float weight) { large[at] += weight * value; });
      }
    }
    std::fill(wide.begin(), wide.end(), 0.f);
    eachRowTap([&](int64_t v, int64_t k, float weight) {
      float *to = &wide[(k - k0) * part];
      const float *from = &large[(v - v0) * part];
      for (int64_t u = 0; u < part; ++u) to[u] += weight * from[u];
    });
    for (int64_t k = k0; k < k1; ++k) {
      std::fill(line.begin(), line.end(), 0.f);
      const float *source = &wide[(k - k0) * part];
      for (int64_t u = u0; u < u1; ++u) {
        const int64_t first = firstTap(u);
        float *to = &line[firstPixel(u) + reach];
        const float value = 2 * source[u - u0];
        for (int64_t t = 0; t < taps / 2; ++t) to[t] += frame.filter[first - 2 * t] * value;
      }
      float *target = x + rows[k] * width;
      for (int64_t i = 0; i < up / 2; ++i) target[columns[i]] += line[i + reach];
    }
  }

 private:
  // Doubling: U[u] = 2·Σ P[k]·h[u − 2k + 5], where P is 0 outside the padded image. Six taps of each parity.
  static int64_t firstPixel(int64_t u) { return u / 2 - reach + u % 2; }
  static int64_t firstTap(int64_t u) { return taps - 1 - u % 2; }

  /// Calls body(v, k, weight) for each row v of the enlarged image and each row k of the padded image under its filter.
  template <class Body> void eachRowTap(Body &&body) const {
    for (int64_t v = v0; v < v1; ++v)
      for (int64_t t = 0; t < taps / 2; ++t) {
        const int64_t k = firstPixel(v) + t;
        if (k >= k0 && k < k1) body(v, k, 2 * frame.filter[firstTap(v) - 2 * t]);
      }
  }

  /// The four neighbors of a sampled pixel in the enlarged image; those outside have no weight.
  struct Place {
    const Plane &plane;
    int64_t u, v;
    float x, y;
    Place(const Plane &plane, int64_t i, int64_t j) : plane(plane) {
      const double *a = plane.map;
      const double px = std::clamp(a[0] * j + a[1] * i + a[2], -2.0, static_cast<double>(plane.up) + 1);
      const double py = std::clamp(a[3] * j + a[4] * i + a[5], -2.0, static_cast<double>(plane.upRows) + 1);
      u = static_cast<int64_t>(px + 2) - 2, v = static_cast<int64_t>(py + 2) - 2;
      x = static_cast<float>(px - u), y = static_cast<float>(py - v);
    }
    template <class Body> void each(Body &&body) const {
      const int64_t part = plane.u1 - plane.u0, at = (v - plane.v0) * part + u - plane.u0;
      const bool left = u >= plane.u0 && u < plane.u1, right = u + 1 >= plane.u0 && u + 1 < plane.u1;
      if (v >= plane.v0 && v < plane.v1) {
        if (left) body(at, (1 - x) * (1 - y));
        if (right) body(at + 1, x * (1 - y));
      }
      if (v + 1 >= plane.v0 && v + 1 < plane.v1) {
        if (left) body(at + part, (1 - x) * y);
        if (right) body(at + part + 1, x * y);
      }
    }
  };

  const Frame &frame;
  const int64_t height, width;
  const std::vector<int32_t> &rows, &columns;
  const double *map;
  const int64_t up, upRows, sampled, sampledRows;
  int64_t u0, u1, v0, v1, k0, k1;
  /// A padded row; rows of it doubled in x; the enlarged image; a sampled row; sampled rows halved in x.
  std::vector<float> line, wide, large, row, narrow;
};

/// y = T·x or Tᵀ·x for each image; `maps` is [N, 2, 3], float64, from sampled pixels to pixels of the enlarged image.
struct Resample : Function<Resample> {
  static Tensor forward(AutogradContext *context, const Tensor &input, const Tensor &maps, const Tensor &filter,
                        const int64_t *margins, bool isAdjoint) {
    context->save_for_backward({maps, filter});
    context->saved_data["margins"] = std::vector<int64_t>(margins, margins + 4);
    context->saved_data["isAdjoint"] = isAdjoint;
    const Tensor x = input.contiguous();
    Tensor y = at::empty_like(x);
    const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    Frame frame{{}, margins[0], margins[1], margins[2], margins[3]};
    const double *h64 = ct::elements<double>(filter);
    for (int64_t i = 0; i < taps; ++i) frame.filter[i] = static_cast<float>(h64[i]);
    const auto rows = reflection(frame.top, h, frame.bottom), columns = reflection(frame.left, w, frame.right);
    const float *source = ct::elements<float>(x);
    float *target = y.mutable_data_ptr<float>();
    const double *map = ct::elements<double>(maps);
    kernels::parallelFor(n, [&](int64_t i) {
      Plane plane(frame, h, w, rows, columns, map + 6 * i);
      for (int64_t k = i * c; k < (i + 1) * c; ++k)
        if (isAdjoint) plane.adjoint(source + k * h * w, target + k * h * w);
        else plane.forward(source + k * h * w, target + k * h * w);
    });
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list g) {
    const auto saved = context->get_saved_variables();
    const auto margins = context->saved_data["margins"].toIntVector();
    const bool isAdjoint = context->saved_data["isAdjoint"].toBool();
    return {Resample::apply(g[0], saved[0], saved[1], static_cast<const int64_t *>(margins.data()), !isAdjoint),
            Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

ct_status ct_fused_resample(ct_tensor x, ct_tensor maps, ct_tensor filter, const int64_t *margins, ct_tensor *out,
                            char **message) {
  return ct::made(out, message, [&] {
    const Tensor &image = x->value, &map = maps->value, &h = filter->value;
    TORCH_CHECK(image.is_cpu() && image.dim() == 4 && image.scalar_type() == at::kFloat && image.numel() > 0,
                "resampling takes float32 images on the CPU, not ", image.sizes(), " of ", image.scalar_type());
    TORCH_CHECK(map.is_cpu() && map.scalar_type() == at::kDouble && map.is_contiguous() && map.dim() == 3 &&
                    map.size(0) == image.size(0) && map.size(1) == 2 && map.size(2) == 3,
                "resampling takes float64 maps [N, 2, 3], not ", map.sizes());
    TORCH_CHECK(h.is_cpu() && h.scalar_type() == at::kDouble && h.is_contiguous() && h.numel() == taps,
                "resampling takes a float64 filter of ", taps, " taps, not ", h.sizes());
    for (int i = 0; i < 4; ++i) TORCH_CHECK(margins[i] >= 0, "a margin of ", margins[i]);
    return Resample::apply(image, map, h, margins, false);
  });
}
