// 3×3 convolutions by minimal filtering as differentiable operations.
//
// A convolution is linear in image and filter. Its image gradient is a convolution with flipped filter and exchanged
// channels; doubling becomes averaging and vice versa. Its filter gradient is a product of image and gradient. The
// gradients of these two operations are the same two, so they give any order. A third operation adds bias and leaky
// ReLU to the outputs; its gradient consists of the first two.
// Include Support.h first: without libtorch, its error explains what to do.
#include "../Support.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <mutex>

#include "Ahead.h"
#include "ImageBatch.h"
#include "Kernels.h"

namespace {

using at::Tensor;
using ct::kernels::Operand;
using ct::kernels::positionGap;
using ct::kernels::Resample;
using ct::kernels::TileGrid;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
namespace kernels = ct::kernels;

const kernels::MinimalFiltering &filtering() { return kernels::table().convolution; }

using kernels::Ahead;
using kernels::image;
using kernels::isBFloat16;
bool usesPairs(const Tensor &x) { return isBFloat16(x) && filtering().pairs; }

/// Thread-local memory for the operands of a block of tiles; it only grows.
float *scratch(int slot, int64_t floats) {
  thread_local Tensor buffers[2];
  Tensor &buffer = buffers[slot];
  if (!buffer.defined() || buffer.numel() < floats) buffer = at::zeros({floats}, at::kFloat);
  return buffer.mutable_data_ptr<float>();
}

using kernels::blockTiles;

TileGrid tiles(Resample kind, const Tensor &x) { return {kind, x.size(0), x.size(2), x.size(3)}; }

// MARK: Filters

Resample adjoint(Resample kind) {
  return kind == Resample::up ? Resample::down : kind == Resample::down ? Resample::up : Resample::none;
}
/// The adjoint of doubling is a sum of 4 pixels; averaging also divides by 4.
double adjointFactor(Resample kind) { return kind == Resample::up ? 4 : kind == Resample::down ? 0.25 : 1; }

Tensor packed(Resample kind, const Tensor &weight, bool transposed, double scale, bool pairs) {
  const Tensor w = weight.detach().to(at::kFloat).contiguous();
  const auto &f = filtering();
  const int64_t outputs = w.size(transposed ? 1 : 0), inputs = w.size(transposed ? 0 : 1);
  Tensor u = at::empty({positions(kind) * f.panelCount(outputs) * f.panel * f.stride(inputs)},
                       pairs ? at::kBFloat16 : at::kFloat);
  kernels::parallelFor(f.panelCount(outputs), [&](int64_t i) {
    f.packFilters(kind, ct::elements<float>(w), outputs, inputs, transposed, static_cast<float>(scale), pairs, i,
                  u.mutable_data_ptr());
  });
  return u;
}

}  // namespace

/// A cache for the transformed filters of a weight, for the convolution and for its adjoint.
struct ct_filters_box : torch::CustomClassHolder {
  struct Set {
    Tensor packed, weight;                             // owns the weight, so that its address is not reused
    const kernels::MinimalFiltering *table = nullptr;  // of the kernels that packed the filters
    int64_t version = 0;
    double scale = 0;
    Resample kind = Resample::none;

    bool isOf(const Tensor &other, double s, Resample k) const {
      return table == &filtering() && weight.const_data_ptr() == other.const_data_ptr() &&
             weight.sizes() == other.sizes() && weight.strides() == other.strides() &&
             weight.scalar_type() == other.scalar_type() && version == static_cast<int64_t>(other._version()) &&
             scale == s && kind == k;
    }
  };
  std::mutex mutex;
  Set sets[2][2];

  /// Returns the filters and computes them if necessary; thread-safe.
  Tensor get(Resample kind, const Tensor &weight, bool transposed, double scale, bool pairs) {
    const std::lock_guard<std::mutex> lock(mutex);
    Set &set = sets[transposed][pairs];
    if (!set.isOf(weight, scale, kind))
      set = {packed(kind, weight, transposed, scale, pairs), weight.detach(), &filtering(),
             static_cast<int64_t>(weight._version()),        scale,           kind};
    return set.packed;
  }
};

namespace {

using Filters = c10::intrusive_ptr<ct_filters_box>;

// MARK: Image × filter → image

Tensor convolved(Resample kind, const Tensor &input, const Tensor &u, int64_t outputs,
                 const kernels::Activation &activation = {}, kernels::OutputObserver *observer = nullptr) {
  const Tensor x = image(input);
  const auto &f = filtering();
  const TileGrid grid = tiles(kind, x);
  const int64_t inputs = x.size(1), stride = f.stride(inputs), P = positions(kind), n = x.size(0);
  const bool bf16 = isBFloat16(x), pairs = usesPairs(x), down = kind == Resample::down;
  const int64_t scale = kind == Resample::up ? 2 : 1, divisor = down ? 2 : 1;
  Tensor y = at::empty({n, outputs, x.size(2) * scale / divisor, x.size(3) * scale / divisor}, x.options(),
                       at::MemoryFormat::ChannelsLast);
  const int64_t panels = f.panelCount(outputs), groupPanels = std::min<int64_t>(panels, down ? 4 : 2);
  // With few tiles, threads also share the outputs; the sum of each output does not change.
  const int64_t blocks = (grid.count() + blockTiles - 1) / blockTiles;
  const int64_t threads = at::get_num_threads(), enough = 2 * threads;
  const int64_t wanted = observer || blocks >= enough ? 1 : (enough + blocks - 1) / blocks;
  const int64_t splitPanels = (panels + wanted - 1) / wanted, splits = (panels + splitPanels - 1) / splitPanels;
  const int64_t elementSize = pairs ? 2 : 4;
  const char *filters = static_cast<const char *>(u.const_data_ptr());
  const int64_t steps = down ? P * stride : stride;

  auto make = [&](int64_t first, int64_t count, int64_t firstPanel, int64_t lastPanel) {
    Operand v{scratch(0, P * (blockTiles * stride + positionGap)), pairs, inputs, count};
    f.transformInput(grid, x.const_data_ptr(), bf16, inputs, 0, first, count, false, v);
    float *m = scratch(1, P * (blockTiles * groupPanels * f.panel + positionGap));
    // Threads take consecutive blocks, so this is a thread's likely next block.
    Ahead next = Ahead::input(grid, x, first + threads * blockTiles, blockTiles);
    Ahead target = Ahead::output(grid, y, first, count);
    const int64_t rowsAtOnce = down ? 12 : count;
    const int64_t calls = (lastPanel - firstPanel) * (down ? (count + rowsAtOnce - 1) / rowsAtOnce : P);
    const int64_t nextShare = splits == 1 && count > 1 ? next.share(calls) : 0, targetShare = target.share(calls);
    for (int64_t group = firstPanel; group < lastPanel; group += groupPanels) {
      const int64_t end = std::min(group + groupPanels, lastPanel), mStride = groupPanels * f.panel;
      for (int64_t p = 0; p < (down ? 1 : P); ++p)
        for (int64_t j = group; j < end; ++j)
          for (int64_t row = 0; row < count; row += rowsAtOnce) {
            next.fetch(nextShare), target.fetch(targetShare);
            f.multiply(
                pairs,
                static_cast<const char *>(v.data) + (p * (count * stride + positionGap) + row * steps) * elementSize,
                steps, filters + (down ? j : p * panels + j) * steps * f.panel * elementSize, steps,
                std::min(rowsAtOnce, count - row),
                m + p * (count * mStride + positionGap) + row * mStride + (j - group) * f.panel, mStride);
          }
      const int64_t begin = group * f.panel, channels = std::min(end * f.panel, outputs) - begin;
      f.transformOutput(grid, m, mStride, first, count, begin, channels, outputs, activation, bf16,
                        y.mutable_data_ptr());
    }
  };
  if (observer) {
    for (int64_t i = 0; i < n; ++i) make(i * grid.rows() * grid.columns(), 1, 0, panels);
    observer->begin(y, blocks);
  }
  kernels::parallelFor(blocks * splits, [&](int64_t item) {
    const int64_t block = item / splits, first = block * blockTiles;
    const int64_t count = std::min(blockTiles, grid.count() - first), firstPanel = item % splits * splitPanels;
    make(first, count, firstPanel, std::min(panels, firstPanel + splitPanels));
    if (observer) observer->see(block, first, count);
  });
  return y;
}

// MARK: Image × gradient → filter

/// Σ over tiles of (Bᵀ d B)ᵀ(A g Aᵀ), then Gᵀ·G: `[outputs, inputs, 3, 3]`, float32. For none and down only.
Tensor filterGradient(Resample kind, const Tensor &input, const Tensor &gradient, double scale) {
  const Tensor x = image(input), g = image(gradient.to(input.scalar_type()));
  const auto &f = filtering();
  const TileGrid grid = tiles(kind, x);
  const int64_t inputs = x.size(1), outputs = g.size(1), P = positions(kind);
  const bool bf16 = isBFloat16(x), pairs = usesPairs(x), down = kind == Resample::down;
  const int64_t elementSize = 4;  // a float or a pair of bfloat16
  const int64_t columns = f.panelCount(outputs) * f.panel;
  // Chunks of tiles and of inputs depend on the shape only; the sums of tile chunks are added in order.
  const int64_t plane = inputs * columns, block = 96;
  const int64_t limit = std::max<int64_t>(1, (int64_t{64} << 20) / (P * plane * 4));
  const int64_t tileChunks = std::clamp<int64_t>(grid.count() / (2 * block), 1, std::min<int64_t>(limit, 8));
  const int64_t chunkTiles = ((grid.count() + tileChunks - 1) / tileChunks + 1) / 2 * 2;
  const int64_t inputPanels = f.panelCount(inputs);
  const int64_t chunkPanels = std::max<int64_t>(1, (tileChunks < 4 ? 32 * tileChunks : 128) / f.panel);
  const int64_t inputChunks = (inputPanels + chunkPanels - 1) / chunkPanels;
  Tensor sums = at::empty({tileChunks, P, inputs, columns}, at::kFloat);

  kernels::parallelFor(tileChunks * inputChunks, [&](int64_t item) {
    const int64_t tileChunk = item / inputChunks, begin = item % inputChunks * chunkPanels * f.panel;
    const int64_t channels = std::min(chunkPanels * f.panel, inputs - begin);
    const int64_t last = std::min((tileChunk + 1) * chunkTiles, grid.count());
    float *target = sums.mutable_data_ptr<float>() + tileChunk * P * plane;
    const int64_t xPanels = f.panelCount(channels), gPanels = columns / f.panel, gPositions = down ? 1 : P;
    for (int64_t first = tileChunk * chunkTiles; first < last; first += block) {
      const int64_t count = std::min(block, last - first), steps = pairs ? (count + 1) / 2 * 2 : count;
      const int64_t rows = pairs ? steps / 2 : steps;
      Operand v{scratch(0, P * (xPanels * f.panel * block + positionGap)), pairs, channels, steps};
      Operand n{scratch(1, gPositions * (columns * block + positionGap)), pairs, outputs, steps};
      f.transformInput(grid, x.const_data_ptr(), bf16, inputs, begin, first, count, true, v);
      f.transformGradient(grid, g.const_data_ptr(), bf16, first, count, n);
      const bool accumulate = first > tileChunk * chunkTiles;
      Ahead nextX = Ahead::input(grid, x, first + block, last - first - block);
      Ahead nextG = Ahead::output(grid, g, first + block, last - first - block);
      // With several chunks of inputs, each reads only a part of a pixel: no prefetch.
      const int64_t shareX = inputChunks == 1 ? nextX.share(P * xPanels * gPanels) : 0;
      const int64_t shareG = nextG.share(P * xPanels * gPanels);
      for (int64_t p = 0; p < P; ++p)
        for (int64_t i = 0; i < xPanels; ++i)
          for (int64_t j = 0; j < gPanels; ++j) {
            nextX.fetch(shareX), nextG.fetch(shareG);
            const int64_t panel = rows * f.panel;
            const int64_t left = p * (xPanels * panel + positionGap) + i * panel;
            const int64_t right = (down ? 0 : p) * (gPanels * panel + positionGap) + j * panel;
            f.multiplyTransposed(pairs, static_cast<const char *>(v.data) + left * elementSize,
                                 static_cast<const char *>(n.data) + right * elementSize, steps,
                                 std::min(f.panel, channels - i * f.panel),
                                 target + p * plane + (begin + i * f.panel) * columns + j * f.panel, columns,
                                 accumulate);
          }
    }
  });

  Tensor dW = at::empty({outputs, inputs, 3, 3}, at::kFloat);
  const float *partial = ct::elements<float>(sums);
  float *result = dW.mutable_data_ptr<float>();
  const int64_t rowsAtOnce = std::max<int64_t>(1, 4096 / columns);
  kernels::parallelFor((inputs + rowsAtOnce - 1) / rowsAtOnce, [&](int64_t item) {
    for (int64_t i = item * rowsAtOnce; i < std::min(inputs, (item + 1) * rowsAtOnce); ++i)
      f.filterGradient(kind, partial + i * columns, plane, tileChunks, P * plane, outputs, static_cast<float>(scale),
                       result + 9 * i, 9 * inputs);
  });
  return dW;
}

// MARK: Differentiable

/// Kind, filter orientation and scale of a convolution.
struct Setting {
  Resample kind;
  bool transposed;
  double scale;

  int64_t outputs(const Tensor &weight) const { return weight.size(transposed ? 1 : 0); }
  Tensor packed(const Tensor &weight, const Filters &filters, bool pairs) const {
    return filters ? filters->get(kind, weight, transposed, scale, pairs)
                   : ::packed(kind, weight, transposed, scale, pairs);
  }
  Setting adjoint() const { return {::adjoint(kind), !transposed, scale * adjointFactor(kind)}; }
  void save(AutogradContext *context, const Filters &filters) const {
    context->saved_data["kind"] = static_cast<int64_t>(kind);
    context->saved_data["transposed"] = transposed;
    context->saved_data["scale"] = scale;
    if (filters) context->saved_data["filters"] = at::IValue::make_capsule(filters);
  }
  static Setting saved(AutogradContext *context) {
    return {static_cast<Resample>(context->saved_data["kind"].toInt()), context->saved_data["transposed"].toBool(),
            context->saved_data["scale"].toDouble()};
  }
  static Filters savedFilters(AutogradContext *context) {
    const auto found = context->saved_data.find("filters");
    if (found == context->saved_data.end()) return {};
    return c10::static_intrusive_pointer_cast<ct_filters_box>(found->second.toCapsule());
  }
};

Tensor convolution(const Tensor &x, const Tensor &weight, Setting setting, const Filters &filters);
Tensor filterProduct(const Tensor &x, const Tensor &g, Setting setting);

/// x, weight → y
struct Convolution : Function<Convolution> {
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &weight, const Setting *setting,
                        const Filters *filters) {
    context->save_for_backward({x, weight});
    setting->save(context, *filters);
    return convolved(setting->kind, x, setting->packed(weight, *filters, usesPairs(x)), setting->outputs(weight));
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Setting setting = Setting::saved(context);
    const Tensor g = gradients[0].to(saved[0].scalar_type());
    variable_list results(4);
    if (context->needs_input_grad(0))
      results[0] = convolution(g, saved[1], setting.adjoint(), Setting::savedFilters(context));
    if (context->needs_input_grad(1)) results[1] = filterProduct(saved[0], g, setting);
    return results;
  }
};

/// x, g → ∂⟨y, g⟩/∂weight
struct FilterProduct : Function<FilterProduct> {
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &g, const Setting *setting) {
    context->save_for_backward({x, g});
    setting->save(context, {});
    return ::filterGradient(setting->kind, x, g, setting->scale);
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Setting setting = Setting::saved(context);
    variable_list results(3);
    if (context->needs_input_grad(0)) results[0] = convolution(saved[1], gradients[0], setting.adjoint(), {});
    if (context->needs_input_grad(1)) results[1] = convolution(saved[0], gradients[0], setting, {});
    return results;
  }
};

/// x, weight, bias → leaky ReLU of y + bias
struct ActivatedConvolution : Function<ActivatedConvolution> {
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &weight, const Tensor &bias,
                        double slope, const Setting *setting, const Filters *filters) {
    const Tensor b = bias.detach().to(at::kFloat).contiguous();
    const Tensor u = setting->packed(weight, *filters, usesPairs(x));
    const Tensor y =
        convolved(setting->kind, x, u, setting->outputs(weight), {ct::elements<float>(b), static_cast<float>(slope)});
    context->save_for_backward({x, weight, y.detach()});
    context->saved_data["slope"] = slope;
    setting->save(context, *filters);
    return y;
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Setting setting = Setting::saved(context);
    const auto g = kernels::activationGradient(gradients[0], saved[2], context->saved_data["slope"].toDouble(),
                                               context->needs_input_grad(2));
    variable_list results(6);
    if (context->needs_input_grad(0))
      results[0] = convolution(g.x, saved[1], setting.adjoint(), Setting::savedFilters(context));
    if (context->needs_input_grad(1)) results[1] = filterProduct(saved[0], g.x, setting);
    results[2] = g.bias;
    return results;
  }
};

Tensor convolution(const Tensor &x, const Tensor &weight, Setting setting, const Filters &filters) {
  return Convolution::apply(x, weight, &setting, &filters);
}

/// By ⟨y, g⟩ = ⟨x, adjoint(g)⟩, uses the supported orientation, or flips the product if neither is supported.
Tensor filterProduct(const Tensor &x, const Tensor &g, Setting setting) {
  if (!setting.transposed && setting.kind != Resample::up) return FilterProduct::apply(x, g, &setting);
  Setting other = setting.adjoint();
  if (setting.transposed && setting.kind != Resample::down) return FilterProduct::apply(g, x, &other);
  const bool exchange = setting.kind == Resample::up;
  Setting turned = exchange ? other : setting;
  turned.transposed = false;
  const Tensor product = exchange ? FilterProduct::apply(g, x, &turned) : FilterProduct::apply(x, g, &turned);
  return product.flip({2, 3}).transpose(0, 1);
}

/// Throws if image and weight do not fit; the kernels do not check bounds.
void requireFit(const Tensor &x, const Tensor &weight, int32_t resample) {
  kernels::requireImage(x);
  TORCH_CHECK(resample >= CT_RESAMPLE_NONE && resample <= CT_RESAMPLE_DOWN, "unknown resampling code ", resample);
  TORCH_CHECK(weight.is_cpu() && weight.dim() == 4 && weight.size(0) > 0 && weight.size(2) == 3 && weight.size(3) == 3,
              "a fast convolution takes weights [outputs, inputs, 3, 3] on the CPU, not ", weight.sizes(), " on ",
              weight.device());
  TORCH_CHECK(weight.size(1) == x.size(1), "a weight for ", weight.size(1), " channels, but images ", x.sizes());
  TORCH_CHECK(resample == CT_RESAMPLE_UP || (x.size(2) % 2 == 0 && x.size(3) % 2 == 0),
              "a fast convolution that does not double takes an even height and width, not ", x.sizes());
}

}  // namespace

Tensor kernels::convolution(const Tensor &x, const Tensor &weight, ct_filters filters, double scale) {
  requireFit(x, weight, CT_RESAMPLE_NONE);
  return ::convolution(x, weight, {Resample::none, false, scale}, Filters::reclaim_copy(filters));
}

Tensor kernels::observedConvolution(const Tensor &x, const Tensor &weight, ct_filters filters, double scale,
                                    OutputObserver &observer) {
  requireFit(x, weight, CT_RESAMPLE_NONE);
  const Setting setting{Resample::none, false, scale};
  const Tensor u = setting.packed(weight, Filters::reclaim_copy(filters), usesPairs(x));
  return convolved(Resample::none, x, u, setting.outputs(weight), {}, &observer);
}

ct_filters ct_filters_new(void) { return c10::make_intrusive<ct_filters_box>().release(); }
void ct_filters_free(ct_filters filters) { Filters::reclaim(filters); }

ct_status ct_fused_convolution(ct_tensor x, ct_tensor weight, ct_filters filters, int32_t resample, double scale,
                               ct_tensor bias, double slope, ct_tensor *out, char **message) {
  return ct::made(out, message, [&] {
    requireFit(x->value, weight->value, resample);
    const Setting setting{static_cast<Resample>(resample), false, scale};
    const Filters box = Filters::reclaim_copy(filters);
    if (!bias) return convolution(x->value, weight->value, setting, box);
    TORCH_CHECK(bias->value.is_cpu() && bias->value.dim() == 1 && bias->value.size(0) == weight->value.size(0),
                "a bias of ", bias->value.sizes(), " on ", bias->value.device(), " for a weight of ",
                weight->value.sizes());
    return ActivatedConvolution::apply(x->value, weight->value, bias->value, slope, &setting, &box);
  });
}
