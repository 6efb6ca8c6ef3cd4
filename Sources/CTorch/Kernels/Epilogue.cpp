// The styled-layer epilogue, as a differentiable operation and without an autograd graph. The first gradient is fused.
// For higher gradients, it consists of operations that libtorch can differentiate.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Chunks.h"
#include "ImageBatch.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
namespace kernels = ct::kernels;

using kernels::Chunks;
using kernels::floats;
using kernels::image;
using kernels::isBFloat16;
using kernels::summed;

constexpr double normEpsilon = 1e-8;

/// Throws if the parameters do not fit the features `x`.
void requireFit(const Tensor &x, const std::optional<Tensor> &noise, const std::optional<Tensor> &strength,
                const Tensor &bias, const Tensor &style) {
  kernels::requireImage(x);
  kernels::requireChannelValues(bias, "bias", x);
  TORCH_CHECK(style.is_cpu() && style.dim() == 2 && style.size(0) == x.size(0) && style.size(1) == 2 * x.size(1),
              "a style of ", style.sizes(), " on ", style.device(), " for features ", x.sizes());
  if (!noise) return;
  kernels::requireChannelValues(*strength, "noise strength", x);
  TORCH_CHECK(noise->is_cpu() && noise->dim() == 4 && (noise->size(0) == x.size(0) || noise->size(0) == 1) &&
                  noise->size(1) == 1 && noise->size(2) == x.size(2) && noise->size(3) == x.size(3),
              "noise of ", noise->sizes(), " on ", noise->device(), " for features ", x.sizes());
}

/// The epilogue in operations that libtorch differentiates to any order.
Tensor plainEpilogue(const Tensor &input, const Tensor &noise, const Tensor &strength, const Tensor &bias,
                     const Tensor &style, double slope) {
  const int64_t n = input.size(0), c = input.size(1);
  Tensor x = input.to(at::kFloat);
  if (noise.defined()) x = x + noise * strength.view({1, c, 1, 1});
  x = at::leaky_relu(x + bias.view({1, c, 1, 1}), slope);
  const Tensor centred = x - x.mean({2, 3}, true);
  const Tensor variance = centred.square().mean({2, 3}, true);
  const Tensor scale = style.slice(1, 0, c).reshape({n, c, 1, 1}) + 1;
  const Tensor offset = style.slice(1, c, 2 * c).reshape({n, c, 1, 1});
  return (centred * (variance + normEpsilon).rsqrt() * scale + offset).to(input.scalar_type());
}

struct StyledEpilogue : Function<StyledEpilogue> {
  static kernels::Epilogue description(const Tensor &x, const Tensor &noise, const Tensor &strength, const Tensor &bias,
                                       double slope) {
    const bool noisy = noise.defined();
    return {x.const_data_ptr(),          noisy ? ct::elements<float>(noise) : nullptr,
            noisy && noise.size(0) == 1, noisy ? ct::elements<float>(strength) : nullptr,
            ct::elements<float>(bias),   /*center=*/nullptr,
            /*samples=*/x.size(0),       /*pixels=*/x.size(2) * x.size(3),
            /*channels=*/x.size(1),      static_cast<float>(slope)};
  }

  /// The activation of the first pixel of every sample and channel: near the mean, and exact if all pixels are equal.
  static std::vector<float> firstActivations(const kernels::Epilogue &e, bool bf16) {
    std::vector<float> values(e.samples * e.channels);
    for (int64_t i = 0; i < e.samples; ++i) {
      const float noise = e.noise ? e.noise[e.sharedNoise ? 0 : i * e.pixels] : 0;
      for (int64_t k = 0; k < e.channels; ++k) {
        const int64_t at = i * e.pixels * e.channels + k;
        const float stored =
            bf16 ? static_cast<float>(static_cast<const at::BFloat16 *>(e.x)[at]) : static_cast<const float *>(e.x)[at];
        const float pre = stored + (e.noise ? e.strength[k] * noise : 0) + e.bias[k];
        values[i * e.channels + k] = pre > 0 ? pre : pre * e.slope;
      }
    }
    return values;
  }

  /// The chunks of the rows of an image batch.
  static Chunks rows(const Tensor &x) { return Chunks(x.size(0), x.size(2), x.size(3) * x.size(1)); }

  /// Computes y, which may be x itself, and returns the statistics, [2, N, C]: μ and 1/√(σ² + ε). If `unblurred` is
  /// defined, x is first filled with its blur; the statistics use each chunk while it is in the cache.
  static Tensor fill(const Tensor &y, const Tensor &x, const Tensor &unblurred, const Tensor &noise,
                     const Tensor &strength, const Tensor &bias, const Tensor &style, double slope) {
    const int64_t n = x.size(0), c = x.size(1), w = x.size(3);
    kernels::Epilogue e = description(x, noise, strength, bias, slope);
    const Chunks chunks = rows(x);
    const bool bf16 = isBFloat16(x);
    const kernels::Table &table = kernels::table();
    auto blur = [&](int64_t sample, int64_t begin, int64_t end) {
      const int64_t offset = sample * e.pixels * c * x.element_size();
      table.blurRows(static_cast<const char *>(unblurred.const_data_ptr()) + offset, bf16, x.size(2), w, c, begin, end,
                     static_cast<char *>(x.mutable_data_ptr()) + offset);
    };

    if (unblurred.defined())
      for (int64_t i = 0; i < n; ++i) blur(i, 0, 1);
    const std::vector<float> first = firstActivations(e, bf16);
    e.center = first.data();
    const std::vector<double> sums = summed(chunks, n, 2 * c, [&](int64_t i, int64_t begin, int64_t end, double *out) {
      if (unblurred.defined()) blur(i, begin, end);
      table.epilogueStatistics(e, bf16, i, begin * w, end * w, out);
    });
    return finish(y, x, e, first, sums, style);
  }

  /// Computes y and the statistics from the sums of t and t² around the first activations.
  static Tensor finish(const Tensor &y, const Tensor &x, kernels::Epilogue e, const std::vector<float> &first,
                       const std::vector<double> &sums, const Tensor &style) {
    const int64_t n = e.samples, c = e.channels, w = x.size(3);
    const Chunks chunks = rows(x);
    const bool bf16 = isBFloat16(x);
    Tensor statistics = at::empty({2, n, c}, at::kFloat);
    float *mean = statistics.mutable_data_ptr<float>(), *deviation = mean + n * c;
    std::vector<float> scale(n * c), offset(n * c);
    const float *ys = ct::elements<float>(style);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < c; ++k) {
        const double shift = sums[i * 2 * c + k] / e.pixels;
        const double variance = std::max(sums[i * 2 * c + c + k] / e.pixels - shift * shift, 0.0);
        const double r = 1 / std::sqrt(variance + normEpsilon), s = r * (1.0 + ys[i * 2 * c + k]);
        mean[i * c + k] = static_cast<float>(first[i * c + k] + shift);
        deviation[i * c + k] = static_cast<float>(r);
        scale[i * c + k] = static_cast<float>(s);
        offset[i * c + k] = ys[i * 2 * c + c + k];
      }
    e.center = mean;
    const kernels::Table &table = kernels::table();
    kernels::parallelFor(chunks.count, [&](int64_t i) {
      const int64_t s = chunks.sample(i);
      table.epilogueApply(e, bf16, s, chunks.begin(i) * w, chunks.end(i) * w, scale.data() + s * c,
                          offset.data() + s * c, y.mutable_data_ptr());
    });
    return statistics;
  }

  /// Without an autograd graph; may overwrite `x` if it is `consumed`.
  static Tensor drawn(const Tensor &x, const std::optional<Tensor> &noise, const std::optional<Tensor> &strength,
                      const Tensor &bias, const Tensor &style, double slope, bool blurred, bool consumed) {
    const Tensor given = image(x), features = blurred ? at::empty_like(given) : given;
    const Tensor y = blurred || consumed || !given.is_same(x) ? features : at::empty_like(given);
    fill(y, features, blurred ? given : Tensor(), noise ? floats(*noise) : Tensor(),
         noise ? floats(*strength) : Tensor(), floats(bias), floats(style), slope);
    // Autograd then detects the change of x if it was saved for a gradient.
    if (y.is_same(x) && !x.is_inference()) x.unsafeGetTensorImpl()->bump_version();
    return y;
  }

  /// Sums up the outputs of a convolution block by block.
  struct Statistics : kernels::OutputObserver {
    const std::optional<Tensor> noise, strength;
    const Tensor bias, style;
    const double slope;
    const kernels::Table &table = kernels::table();
    kernels::Epilogue e;
    bool bf16;
    int64_t columns, perSample;
    std::vector<float> first;
    std::vector<double> partial;  // [block][2][2C]: for the first sample of a block and the next one

    Statistics(const std::optional<Tensor> &noise, const std::optional<Tensor> &strength, const Tensor &bias,
               const Tensor &style, double slope)
        : noise(noise ? std::optional(floats(*noise)) : noise),
          strength(noise ? std::optional(floats(*strength)) : strength), bias(floats(bias)), style(floats(style)),
          slope(slope) {}
    void begin(const Tensor &y, int64_t blocks) override {
      requireFit(y, noise, strength, bias, style);
      e = description(y, noise.value_or(Tensor()), strength.value_or(Tensor()), bias, slope);
      bf16 = isBFloat16(y);
      columns = y.size(3) / 2, perSample = columns * (y.size(2) / 2);
      TORCH_CHECK(perSample >= kernels::blockTiles, "images of ", y.sizes(), " are too small to be observed");
      first = firstActivations(e, bf16);
      e.center = first.data();
      partial.assign(blocks * 4 * e.channels, 0.0);
    }
    void see(int64_t block, int64_t begin, int64_t count) override {
      for (int64_t t = begin; t < begin + count;) {
        const int64_t column = t % columns, run = std::min(columns - column, begin + count - t), sample = t / perSample;
        double *sums = partial.data() + (2 * block + sample - begin / perSample) * 2 * e.channels;
        for (int64_t row = 0; row < 2; ++row) {
          const int64_t pixel = (t % perSample / columns * 2 + row) * 2 * columns + 2 * column;
          table.epilogueStatistics(e, bf16, sample, pixel, pixel + 2 * run, sums);
        }
        t += run;
      }
    }
    /// The sums, [N][2C], added in the order of the blocks.
    std::vector<double> sums() const {
      const int64_t width = 2 * e.channels;
      std::vector<double> total(e.samples * width, 0.0);
      for (int64_t i = 0; i < static_cast<int64_t>(partial.size()) / width; ++i) {
        const int64_t sample = i / 2 * kernels::blockTiles / perSample + i % 2;
        for (int64_t k = 0; k < width && sample < e.samples; ++k) total[sample * width + k] += partial[i * width + k];
      }
      return total;
    }
  };

  /// A convolution and its epilogue without an autograd graph.
  static Tensor drawn(const Tensor &x, const Tensor &weight, ct_filters filters, double scale,
                      const std::optional<Tensor> &noise, const std::optional<Tensor> &strength, const Tensor &bias,
                      const Tensor &style, double slope) {
    Statistics statistics(noise, strength, bias, style, slope);
    const Tensor y = kernels::observedConvolution(x, weight, filters, scale, statistics);
    finish(y, y, statistics.e, statistics.first, statistics.sums(), statistics.style);
    return y;
  }

  /// Absent noise is an empty optional, since libtorch asks an undefined tensor for its device.
  static Tensor forward(AutogradContext *context, const Tensor &input, const std::optional<Tensor> &noiseOrNone,
                        const std::optional<Tensor> &strengthOrNone, const Tensor &biasInput, const Tensor &styleInput,
                        double slope) {
    const Tensor noiseInput = noiseOrNone.value_or(Tensor()), strengthInput = strengthOrNone.value_or(Tensor());
    const Tensor x = image(input), y = at::empty_like(x);
    const Tensor noise = noiseInput.defined() ? floats(noiseInput) : Tensor();
    const Tensor strength = noiseInput.defined() ? floats(strengthInput) : Tensor();
    const Tensor statistics = fill(y, x, {}, noise, strength, floats(biasInput), floats(styleInput), slope);
    context->save_for_backward({input, noiseInput, strengthInput, biasInput, styleInput});
    context->saved_data["statistics"] = statistics;
    context->saved_data["slope"] = slope;
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const double slope = context->saved_data["slope"].toDouble();
    // `needs_input_grad` does not count absent inputs.
    const bool wantsNoise = saved[1].defined() && context->needs_input_grad(1);
    if (at::GradMode::is_enabled() || wantsNoise) return differentiable(context, saved, slope, gradients[0]);

    const Tensor x = image(saved[0]), bias = floats(saved[3]), style = floats(saved[4]);
    const Tensor noise = saved[1].defined() ? floats(saved[1]) : Tensor();
    const Tensor strength = saved[1].defined() ? floats(saved[2]) : Tensor();
    const Tensor g = image(gradients[0].to(x.scalar_type()));
    const Tensor statistics = context->saved_data["statistics"].toTensor();
    kernels::Epilogue e = description(x, noise, strength, bias, slope);
    const int64_t n = e.samples, c = e.channels;
    e.center = ct::elements<float>(statistics);
    const Chunks chunks(n, e.pixels, c);
    const bool bf16 = isBFloat16(x);
    const kernels::Table &table = kernels::table();

    const std::vector<double> sums = summed(chunks, n, 2 * c, [&](int64_t i, int64_t begin, int64_t end, double *out) {
      table.epilogueGradientSums(e, bf16, i, begin, end, g.const_data_ptr(), out);
    });
    // With x̂ = (t − μ)·r: ∂/∂t = r·(1 + y_s)·(g − mean(g) − x̂·mean(g·x̂)), written as a·g + b·(t − μ) + d.
    Tensor styleGradient = at::empty({n, 2 * c}, at::kFloat);
    float *gs = styleGradient.mutable_data_ptr<float>();
    const float *deviation = ct::elements<float>(statistics) + n * c;
    const float *ys = ct::elements<float>(style);
    std::vector<float> a(n * c), b(n * c), d(n * c);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < c; ++k) {
        const double r = deviation[i * c + k];
        const double sumG = sums[i * 2 * c + k], sumGx = r * sums[i * 2 * c + c + k];  // Σ g·x̂
        const double scale = r * (1.0 + ys[i * 2 * c + k]);
        gs[i * 2 * c + k] = static_cast<float>(sumGx);
        gs[i * 2 * c + c + k] = static_cast<float>(sumG);
        a[i * c + k] = static_cast<float>(scale);
        b[i * c + k] = static_cast<float>(-scale * r * sumGx / e.pixels);
        d[i * c + k] = static_cast<float>(-scale * sumG / e.pixels);
      }
    Tensor gx = at::empty_like(x);
    const std::vector<double> channelSums =
        summed(chunks, n, 2 * c, [&](int64_t i, int64_t begin, int64_t end, double *out) {
          table.epilogueGradient(e, bf16, i, begin, end, g.const_data_ptr(), a.data() + i * c, b.data() + i * c,
                                 d.data() + i * c, gx.mutable_data_ptr(), out);
        });
    Tensor biasGradient = at::empty({c}, at::kFloat), strengthGradient = at::empty({c}, at::kFloat);
    for (int64_t k = 0; k < c; ++k) {
      double sumBias = 0, sumNoise = 0;
      for (int64_t i = 0; i < n; ++i) {
        sumBias += channelSums[i * 2 * c + k];
        sumNoise += channelSums[i * 2 * c + c + k];
      }
      biasGradient.mutable_data_ptr<float>()[k] = static_cast<float>(sumBias);
      strengthGradient.mutable_data_ptr<float>()[k] = static_cast<float>(sumNoise);
    }
    return {gx, Tensor(), noise.defined() ? strengthGradient : Tensor(), biasGradient, styleGradient, Tensor()};
  }

  /// The gradients with a graph: those of `plainEpilogue`.
  static variable_list differentiable(AutogradContext *, const variable_list &saved, double slope, const Tensor &g) {
    const bool record = at::GradMode::is_enabled();
    at::AutoGradMode enable(true);
    variable_list inputs, results(6);
    std::vector<size_t> places;
    variable_list point = saved;
    for (size_t i = 0; i < saved.size(); ++i)
      if (saved[i].defined() && saved[i].requires_grad()) {
        if (!record) point[i] = saved[i].detach().requires_grad_();
        inputs.push_back(point[i]);
        places.push_back(i);
      }
    const Tensor y = plainEpilogue(point[0], point[1], point[2], point[3], point[4], slope);
    const variable_list found = torch::autograd::grad({y}, inputs, {g}, record, record, true);
    for (size_t i = 0; i < places.size(); ++i) results[places[i]] = found[i];
    return results;
  }
};

/// The inputs of an epilogue except the features.
struct EpilogueInputs {
  std::optional<Tensor> noise, strength;
  const Tensor &bias, &style;

  EpilogueInputs(ct_tensor noise, ct_tensor strength, ct_tensor bias, ct_tensor style)
      : noise(noise ? std::optional(noise->value) : std::nullopt),
        strength(noise && strength ? std::optional(strength->value) : std::nullopt), bias(bias->value),
        style(style->value) {
    TORCH_CHECK(!noise == !strength, "noise needs a strength, and a strength needs noise");
  }
  /// Whether autograd records operations on these inputs and `other`.
  bool areRecorded(const Tensor &other) const {
    return at::GradMode::is_enabled() &&
           (bias.requires_grad() || style.requires_grad() || (noise && noise->requires_grad()) ||
            (strength && strength->requires_grad()) || other.requires_grad());
  }
  /// The epilogue of `x`.
  Tensor operator()(const Tensor &x, double slope, bool blurred, bool consumed) const {
    requireFit(x, noise, strength, bias, style);
    if (!areRecorded(x)) return StyledEpilogue::drawn(x, noise, strength, bias, style, slope, blurred, consumed);
    return StyledEpilogue::apply(blurred ? kernels::blurred(x) : x, noise, strength, bias, style, slope);
  }
};

}  // namespace

ct_status ct_fused_epilogue(ct_tensor x, ct_tensor noise, ct_tensor strength, ct_tensor bias, ct_tensor style,
                            double slope, bool blurred, bool consumed, ct_tensor *out, char **message) {
  return ct::made(out, message,
                  [&] { return EpilogueInputs(noise, strength, bias, style)(x->value, slope, blurred, consumed); });
}

ct_status ct_fused_styled_convolution(ct_tensor x, ct_tensor weight, ct_filters filters, double scale, ct_tensor noise,
                                      ct_tensor strength, ct_tensor bias, ct_tensor style, double slope, ct_tensor *out,
                                      char **message) {
  return ct::made(out, message, [&] {
    const EpilogueInputs e(noise, strength, bias, style);
    const Tensor &image = x->value, &w = weight->value;
    if (e.areRecorded(image) || (at::GradMode::is_enabled() && w.requires_grad()) ||
        !kernels::isWorthObserving(image, w))
      return e(kernels::convolution(image, w, filters, scale), slope, false, true);
    return StyledEpilogue::drawn(image, w, filters, scale, e.noise, e.strength, e.bias, e.style, slope);
  });
}
