// Software prefetch.
#pragma once

#include <algorithm>

#include "../Support.h"
#include "MinimalFiltering.h"

namespace ct::kernels {

/// Prefetches the pixels of tiles, a few cache lines at a time, during the matrix products, so the transforms do not
/// wait for memory. Prefetching addresses outside the image is harmless.
class Ahead {
  static constexpr uintptr_t lineSize = 64;
  uintptr_t data, line = 0, end = 0;
  int64_t pixel, side, columns, tile, last, row = 0;

  bool nextRow() {
    if (tile >= last) return false;
    const int64_t column = tile % columns, run = std::min(columns - column, last - tile);
    line = data + ((tile / columns * side + row) * columns + column) * side * pixel;
    end = line + run * side * pixel;
    if (++row == side) row = 0, tile += run;
    return true;
  }

 public:
  /// Prefetches tiles [first, first + count), each side × side pixels.
  Ahead(const TileGrid &grid, const at::Tensor &image, int64_t side, int64_t first, int64_t count)
      : data(reinterpret_cast<uintptr_t>(image.const_data_ptr())), pixel(image.size(1) * image.element_size()),
        side(side), columns(grid.columns()), tile(first), last(std::min(first + count, grid.count())) {}
  /// The tiles of the input and of the output image.
  static Ahead input(const TileGrid &grid, const at::Tensor &image, int64_t first, int64_t count) {
    return {grid, image, grid.kind == Resample::up ? 1 : 2, first, count};
  }
  static Ahead output(const TileGrid &grid, const at::Tensor &image, int64_t first, int64_t count) {
    return {grid, image, grid.kind == Resample::down ? 1 : 2, first, count};
  }

  /// The cache lines for each of `calls` calls of `fetch`.
  int64_t share(int64_t calls) const {
    const int64_t lines = std::max<int64_t>(0, last - tile) * side * side * pixel / lineSize;
    return (lines + calls - 1) / calls;
  }
  void fetch(int64_t lines) {
    for (; lines > 0 && (line < end || nextRow()); --lines, line += lineSize)
      __builtin_prefetch(reinterpret_cast<const void *>(line), 0, 2);
  }
};

}  // namespace ct::kernels
