// Blur, and bias with leaky ReLU, as differentiable operations. First gradients are fused. For higher gradients, they
// consist of differentiable operations.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <functional>

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

// MARK: Blur

struct Blur : Function<Blur> {
  static Tensor forward(AutogradContext *, const Tensor &input) {
    const Tensor x = image(input);
    Tensor y = at::empty_like(x);
    const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const Chunks chunks(n, h, w * c);
    const int64_t bytes = h * w * c * x.element_size();
    const kernels::Table &table = kernels::table();
    kernels::parallelFor(chunks.count, [&](int64_t i) {
      const int64_t offset = chunks.sample(i) * bytes;
      table.blurRows(static_cast<const char *>(x.const_data_ptr()) + offset, isBFloat16(x), h, w, c, chunks.begin(i),
                     chunks.end(i), static_cast<char *>(y.mutable_data_ptr()) + offset);
    });
    return y;
  }

  /// The filter is symmetric, so blur is self-adjoint.
  static variable_list backward(AutogradContext *, variable_list g) { return {Blur::apply(g[0])}; }
};

// MARK: Bias and leaky ReLU

/// gx = g·(y > 0 ? 1 : slope): linear in g and self-adjoint. Also Σ gx by channel unless `channelSums` is null.
Tensor masked(const Tensor &gradient, const Tensor &y, double slope, Tensor *channelSums) {
  const Tensor g = image(gradient.to(y.scalar_type()));
  Tensor gx = at::empty_like(y);
  const int64_t n = y.size(0), c = y.size(1), pixels = y.size(2) * y.size(3);
  const Chunks chunks(n, pixels, c);
  const int64_t size = y.element_size();
  const kernels::Table &table = kernels::table();
  auto body = [&](int64_t sample, int64_t begin, int64_t end, double *sums) {
    const int64_t offset = (sample * pixels + begin) * c * size;
    table.activationGradient(static_cast<const char *>(g.const_data_ptr()) + offset,
                             static_cast<const char *>(y.const_data_ptr()) + offset, isBFloat16(y),
                             static_cast<float>(slope), end - begin, c,
                             static_cast<char *>(gx.mutable_data_ptr()) + offset, channelSums ? sums : nullptr);
  };
  const std::vector<double> sums = summed(chunks, n, c, body);
  if (channelSums) {
    *channelSums = at::empty({c}, at::kFloat);
    float *out = channelSums->mutable_data_ptr<float>();
    for (int64_t k = 0; k < c; ++k) {
      double total = 0;
      for (int64_t i = 0; i < n; ++i) total += sums[i * c + k];
      out[k] = static_cast<float>(total);
    }
  }
  return gx;
}

struct Mask : Function<Mask> {
  static Tensor forward(AutogradContext *context, const Tensor &g, const Tensor &y, double slope) {
    context->save_for_backward({y});
    context->saved_data["slope"] = slope;
    return masked(g, y, slope, nullptr);
  }
  static variable_list backward(AutogradContext *context, variable_list g) {
    return {Mask::apply(g[0], context->get_saved_variables()[0], context->saved_data["slope"].toDouble()), Tensor(),
            Tensor()};
  }
};

}  // namespace

Tensor kernels::blurred(const Tensor &x) { return Blur::apply(x); }

kernels::ActivationGradient kernels::activationGradient(const Tensor &g, const Tensor &y, double slope,
                                                        bool wantsBias) {
  if (at::GradMode::is_enabled()) {
    const Tensor gx = Mask::apply(g, y, slope);
    return {gx, wantsBias ? gx.to(at::kFloat).sum({0, 2, 3}) : Tensor()};
  }
  Tensor sums;
  const Tensor gx = masked(g, y, slope, wantsBias ? &sums : nullptr);
  return {gx, sums};
}

namespace {

struct BiasActivation : Function<BiasActivation> {
  static Tensor forward(AutogradContext *context, const Tensor &input, const Tensor &bias, double slope) {
    const Tensor x = image(input), b = floats(bias);
    Tensor y = at::empty_like(x);
    const int64_t n = x.size(0), c = x.size(1), pixels = x.size(2) * x.size(3);
    const Chunks chunks(n, pixels, c);
    const kernels::Table &table = kernels::table();
    kernels::parallelFor(chunks.count, [&](int64_t i) {
      const int64_t offset = (chunks.sample(i) * pixels + chunks.begin(i)) * c * x.element_size();
      table.biasActivation(static_cast<const char *>(x.const_data_ptr()) + offset, isBFloat16(x),
                           ct::elements<float>(b), static_cast<float>(slope), chunks.end(i) - chunks.begin(i), c,
                           static_cast<char *>(y.mutable_data_ptr()) + offset);
    });
    context->save_for_backward({y.detach()});
    context->saved_data["slope"] = slope;
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list g) {
    const Tensor y = context->get_saved_variables()[0];
    const double slope = context->saved_data["slope"].toDouble();
    const auto found = kernels::activationGradient(g[0], y, slope, context->needs_input_grad(1));
    return {found.x, found.bias, Tensor()};
  }
};

}  // namespace

ct_status ct_fused_blur(ct_tensor x, ct_tensor *out, char **message) {
  return ct::made(out, message, [&] { return Blur::apply(x->value); });
}

ct_status ct_fused_bias_activation(ct_tensor x, ct_tensor bias, double slope, ct_tensor *out, char **message) {
  return ct::made(out, message, [&] {
    kernels::requireImage(x->value);
    kernels::requireChannelValues(bias->value, "bias", x->value);
    return BiasActivation::apply(x->value, bias->value, slope);
  });
}

namespace {

/// y = x, after a loop that may throw.
struct Failing : Function<Failing> {
  using Loop = std::function<void()>;
  static Tensor forward(AutogradContext *context, const Tensor &x, bool backward, const Loop *loop) {
    if (!backward) (*loop)();
    else context->saved_data["loop"] = at::IValue::make_capsule(c10::make_intrusive<Box>(*loop));
    return x.clone();
  }
  static variable_list backward(AutogradContext *context, variable_list g) {
    const auto found = context->saved_data.find("loop");
    if (found != context->saved_data.end()) c10::static_intrusive_pointer_cast<Box>(found->second.toCapsule())->loop();
    return {g[0], Tensor(), Tensor()};
  }
  struct Box : torch::CustomClassHolder {
    Loop loop;
    explicit Box(Loop loop) : loop(std::move(loop)) {}
  };
};

}  // namespace

ct_status ct_test_parallel(ct_tensor x, int64_t count, int64_t bad, bool backward, void (*body)(void *, int64_t),
                           void *context, ct_tensor *out, char **message) {
  return ct::made(out, message, [&] {
    const Failing::Loop loop = [=] {
      kernels::parallelFor(count, [=](int64_t i) {
        if (body) body(context, i);
        if (i == bad) throw std::bad_alloc();
      });
    };
    return Failing::apply(x->value, backward, &loop);
  });
}
