// Divides passes over image batches into chunks and adds up their sums.
#pragma once

#include <algorithm>
#include <vector>

#include "../Support.h"
#include "Kernels.h"

namespace ct::kernels {

inline at::Tensor floats(const at::Tensor &x) { return x.to(at::kFloat).contiguous(); }

/// Divides the pixels (or rows) of each sample into chunks of about 64 Ki elements, depending on the shape only.
struct Chunks {
  int64_t pixels, length, perSample, count;

  Chunks(int64_t samples, int64_t pixels, int64_t channels) : pixels(pixels) {
    perSample = std::clamp<int64_t>(pixels * channels / 65536, 1, pixels);
    length = (pixels + perSample - 1) / perSample;
    perSample = (pixels + length - 1) / length;
    count = samples * perSample;
  }
  int64_t sample(int64_t i) const { return i / perSample; }
  int64_t begin(int64_t i) const { return i % perSample * length; }
  int64_t end(int64_t i) const { return std::min(begin(i) + length, pixels); }
};

/// Calls body(n, begin, end, sums) for each chunk, with `width` sums per chunk. Returns the sums of the samples,
/// [N][width], added in the order of the chunks.
template <class Body> std::vector<double> summed(const Chunks &chunks, int64_t samples, int64_t width, Body &&body) {
  std::vector<double> partial(chunks.count * width, 0.0);
  parallelFor(chunks.count,
              [&](int64_t i) { body(chunks.sample(i), chunks.begin(i), chunks.end(i), partial.data() + i * width); });
  if (chunks.perSample == 1) return partial;
  std::vector<double> total(samples * width, 0.0);
  for (int64_t i = 0; i < chunks.count; ++i)
    for (int64_t k = 0; k < width; ++k) total[chunks.sample(i) * width + k] += partial[i * width + k];
  return total;
}

}  // namespace ct::kernels
