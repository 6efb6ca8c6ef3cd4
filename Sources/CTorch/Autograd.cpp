// Gradients of any order, and in-place updates of leaves.
// Include Support.h first: without libtorch, its error explains what to do.
#include "Support.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

using namespace ct;

bool ct_grad_enabled(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool enabled) { at::GradMode::set_enabled(enabled); }

ct_status ct_gradients(ct_tensor output, ct_tensor seed, const ct_tensor *inputs, int64_t count, bool create_graph,
                       ct_tensor *out, char **message) {
  return guarded(message, [&] {
    std::vector<at::Tensor> seeds;
    if (seed) seeds.push_back(seed->value);
    auto gradients = torch::autograd::grad({output->value}, unboxed(inputs, count), seeds, create_graph, create_graph,
                                           /*allow_unused=*/true);
    for (int64_t i = 0; i < count; ++i) out[i] = gradients[i].defined() ? box(std::move(gradients[i])) : nullptr;
  });
}

// MARK: In place

namespace {

/// Runs `body` on `targets` and bumps their versions. Fused updates do not bump them, but filter caches need it.
template <class Body> ct_status updated(const ct_tensor *targets, int64_t count, char **message, Body &&body) noexcept {
  return guarded(message, [&] {
    at::NoGradGuard guard;
    body();
    for (int64_t i = 0; i < count; ++i) targets[i]->value.unsafeGetTensorImpl()->bump_version();
  });
}

}  // namespace

ct_status ct_copy_(ct_tensor target, ct_tensor source, char **message) {
  return updated(&target, 1, message, [&] { target->value.copy_(source->value); });
}

ct_status ct_clamp_(ct_tensor target, double low, double high, char **message) {
  return updated(&target, 1, message, [&] { target->value.clamp_(low, high); });
}

ct_status ct_lerp_all_(const ct_tensor *targets, const ct_tensor *sources, int64_t count, double weight,
                       char **message) {
  return updated(targets, count, message, [&] {
    if (count > 0) at::_foreach_lerp_(unboxed(targets, count), unboxed(sources, count), weight);
  });
}

ct_status ct_adam_all_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *first,
                       const ct_tensor *second, int64_t count, ct_adam settings, char **message) {
  return updated(parameters, count, message, [&] {
    if (count == 0) return;
    const auto options = at::TensorOptions().dtype(at::kFloat).device(parameters[0]->value.device());
    // The fused update reads the step number from a tensor for each parameter; all share one.
    const std::vector<at::Tensor> steps(count, at::full({}, static_cast<double>(settings.step), options));
    // It uses raw memory, so gradients need the contiguous layout of the parameters.
    std::vector<at::Tensor> aligned = unboxed(gradients, count);
    for (at::Tensor &gradient : aligned) gradient = gradient.contiguous();
    at::_fused_adam_(unboxed(parameters, count), aligned, unboxed(first, count), unboxed(second, count), {}, steps,
                     settings.learning_rate, settings.beta1, settings.beta2, /*weight_decay=*/0, settings.epsilon,
                     /*amsgrad=*/false, /*maximize=*/false);
  });
}

ct_status ct_rmsprop_all_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *squares,
                          int64_t count, double learning_rate, double alpha, double epsilon, char **message) {
  return updated(parameters, count, message, [&] {
    for (int64_t i = 0; i < count; ++i) {
      const at::Tensor &gradient = gradients[i]->value;
      squares[i]->value.mul_(alpha).addcmul_(gradient, gradient, 1 - alpha);
      parameters[i]->value.addcdiv_(gradient, squares[i]->value.sqrt().add_(epsilon), -learning_rate);
    }
  });
}
