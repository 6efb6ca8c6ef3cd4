// Memory that is asked for before it is needed.
#pragma once

#include <algorithm>

#include "../Support.h"
#include "MinimalFiltering.h"

namespace ct::kernels {

/// The memory under the pixels of tiles, asked for a few cache lines at a time while products are made: the transforms
/// would wait for it. Addresses beside the image do no harm.
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
  /// Tiles [first, first + count), `side` pixels wide and high.
  Ahead(const TileGrid &grid, const at::Tensor &image, int64_t side, int64_t first, int64_t count)
      : data(reinterpret_cast<uintptr_t>(image.const_data_ptr())), pixel(image.size(1) * image.element_size()),
        side(side), columns(grid.columns()), tile(first), last(std::min(first + count, grid.count())) {}
  /// The images that are read, and those that are written.
  static Ahead input(const TileGrid &grid, const at::Tensor &image, int64_t first, int64_t count) {
    return {grid, image, grid.kind == Resample::up ? 1 : 2, first, count};
  }
  static Ahead output(const TileGrid &grid, const at::Tensor &image, int64_t first, int64_t count) {
    return {grid, image, grid.kind == Resample::down ? 1 : 2, first, count};
  }

  /// The share of each of so many calls of `fetch`.
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
