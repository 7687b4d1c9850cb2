#pragma once

#include <cstdint>
#include <type_traits>

#include "fracbit/framework/ops/winograd.h"

namespace fracbit::kernels::winograd {
struct Transforms;
}

namespace fracbit::ops {

/// The transforms for kernels of that size on the instruction set in use.
const kernels::winograd::Transforms& winograd(int64_t kernel);

/// Reals from one position of transformed rows to the next: no power of two, or the 36 streams of a
/// transform would share cache sets.
inline int64_t position_step(int64_t reals) {
  return reals + 16;
}

/// Where a tile of the result is.
struct WinogradTile {
  WinogradTile(const WinogradShape& shape, int64_t tile)
      : image(tile / (shape.tile_rows() * shape.tile_columns())),
        row(tile / shape.tile_columns() % shape.tile_rows() * shape.tile()),
        column(tile % shape.tile_columns() * shape.tile()) {}

  int64_t image, row, column;  ///< of the first pixel
};

/// Pointers to the `size` x `size` pixels of an image whose first is (row, column); `outside` for
/// those that are not in it.
template <typename Real>
void enter_pixels(Real* image, int64_t height, int64_t width, int64_t pixel, int64_t row,
                  int64_t column, int64_t size, std::type_identity_t<Real*> outside,
                  Real** pixels) {
  for (int64_t i = row; i < row + size; ++i) {
    const bool inside = 0 <= i && i < height;
    for (int64_t j = column; j < column + size; ++j) {
      *pixels++ = inside && 0 <= j && j < width ? image + (i * width + j) * pixel : outside;
    }
  }
}

}  // namespace fracbit::ops
