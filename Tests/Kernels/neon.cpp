// Compares the NEON kernels with the generic ones, on an emulated processor: Scripts/check-kernels builds and runs it. Both have
// four floats in a register, so their operands have the same layout, and the tests of the package cover the generic ones.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "../../Sources/CTorch/Kernels/Kernels.h"

using namespace ct::kernels;

static std::mt19937 random_(1);
static int failures = 0;

static std::vector<float> normal(int64_t count) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float &value : values) value = normal(random_);
  return values;
}

/// The largest difference relative to the largest value; counts a failure above 1e-5.
template <class T> static void compare(const char *what, const std::vector<T> &a, const std::vector<T> &b) {
  double difference = 0, scale = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference = std::fmax(difference, std::fabs(double(a[i]) - double(b[i])));
    scale = std::fmax(scale, std::fabs(double(b[i])));
  }
  const bool good = scale > 0 && difference <= 1e-5 * scale;
  if (!good) ++failures;
  std::printf("%-34s %.1e%s\n", what, difference / scale, good ? "" : "  WRONG");
}

/// Runs `body` with both tables, each with a copy of `start`, and compares what it wrote.
template <class T, class Body> static void both(const char *what, std::vector<T> start, Body &&body) {
  std::vector<T> neon = start, generic = start;
  body(*neonTable(), neon.data()), body(*genericTable(), generic.data());
  compare(what, neon, generic);
}

static void products() {
  for (int64_t rows : {1, 7, 12, 29}) {
    const int64_t steps = 20, panel = genericTable()->convolution.panel;
    const auto a = normal(rows * steps + 64), b = normal(steps * panel + 64), tall = normal(steps * panel + 64);
    both("multiply", normal(rows * panel), [&](const Table &t, float *c) {
      t.convolution.multiply(false, a.data(), steps, b.data(), steps, rows, c, panel);
    });
    for (bool accumulate : {false, true})
      both("multiplyTransposed", normal(panel * panel), [&](const Table &t, float *c) {
        t.convolution.multiplyTransposed(false, tall.data(), b.data(), steps, panel, c, panel, accumulate);
      });
  }
}

static void transforms(Resample kind, int64_t channels) {
  const auto &f = genericTable()->convolution;
  const TileGrid grid{kind, 2, 8, 8};
  const int64_t tiles = grid.count(), stride = f.stride(channels), panels = f.panelCount(channels);
  const int64_t place = positions(kind) * (tiles * panels * f.panel + positionGap);
  const auto image = normal(2 * 16 * 16 * channels), weight = normal(channels * channels * 9), sums = normal(4 * place);
  for (bool transposed : {false, true})
    both("packFilters", std::vector<float>(16 * panels * stride * f.panel), [&](const Table &t, float *packed) {
      for (int64_t i = 0; i < panels; ++i)
        t.convolution.packFilters(kind, weight.data(), channels, channels, transposed, 0.7f, false, i, packed);
    });
  for (bool asPanels : {false, true}) {
    if (asPanels && kind == Resample::up) continue;
    both("transformInput", std::vector<float>(2 * place), [&](const Table &t, float *out) {
      t.convolution.transformInput(grid, image.data(), false, channels, 0, 0, tiles, asPanels,
                                   Operand{out, false, channels, tiles});
    });
  }
  both("transformGradient", std::vector<float>(2 * place), [&](const Table &t, float *out) {
    t.convolution.transformGradient(grid, image.data(), false, 0, tiles, Operand{out, false, channels, tiles});
  });
  both("transformOutput", std::vector<float>(2 * 16 * 16 * channels), [&](const Table &t, float *out) {
    t.convolution.transformOutput(grid, sums.data(), panels * f.panel, 0, tiles, 0, channels, channels, Activation{},
                                  false, out);
  });
  both("filterGradient", std::vector<float>(channels * 9 * 4), [&](const Table &t, float *out) {
    t.convolution.filterGradient(kind, sums.data(), panels * f.panel, 2, place, channels, 0.5f, out, 9);
  });
}

static void passes(int64_t channels) {
  const int64_t pixels = 64, count = 2 * pixels * channels;
  const auto x = normal(count), noise = normal(2 * pixels), strength = normal(channels), bias = normal(channels);
  const auto center = normal(2 * channels), scale = normal(channels), offset = normal(channels), g = normal(count);
  const Epilogue e{x.data(), noise.data(), false, strength.data(), bias.data(), center.data(), 2,
                   pixels,   channels,     0.2f};
  const std::vector<double> none(2 * channels);
  both("epilogueStatistics", none, [&](const Table &t, double *sums) {
    for (int64_t n : {0, 1}) t.epilogueStatistics(e, false, n, 0, pixels, sums);
  });
  both("epilogueApply", std::vector<float>(count), [&](const Table &t, float *y) {
    for (int64_t n : {0, 1}) t.epilogueApply(e, false, n, 0, pixels, scale.data(), offset.data(), y);
  });
  both("epilogueGradientSums", none, [&](const Table &t, double *sums) {
    for (int64_t n : {0, 1}) t.epilogueGradientSums(e, false, n, 0, pixels, g.data(), sums);
  });
  both("epilogueGradient", std::vector<float>(count), [&](const Table &t, float *gx) {
    std::vector<double> sums(2 * channels);
    for (int64_t n : {0, 1})
      t.epilogueGradient(e, false, n, 0, pixels, g.data(), scale.data(), offset.data(), center.data(), gx, sums.data());
  });
  both("biasActivation", std::vector<float>(count), [&](const Table &t, float *y) {
    t.biasActivation(x.data(), false, bias.data(), 0.2f, 2 * pixels, channels, y);
  });
  both("activationGradient", std::vector<float>(count), [&](const Table &t, float *gx) {
    std::vector<double> sums(channels);
    t.activationGradient(g.data(), x.data(), false, 0.2f, 2 * pixels, channels, gx, sums.data());
  });
  both("blurRows", std::vector<float>(count),
       [&](const Table &t, float *y) { t.blurRows(x.data(), false, 8, 16, channels, 0, 8, y); });
}

int main() {
  products();
  for (Resample kind : {Resample::none, Resample::up, Resample::down})
    for (int64_t channels : {8, 5}) transforms(kind, channels);
  for (int64_t channels : {16, 7}) passes(channels);
  return failures ? 1 : 0;
}
