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

/// The first pixel of the result in a row of tiles, counted through all images.
inline int64_t first_pixel(const WinogradShape& s, int64_t tile_row) {
  const int64_t image = tile_row / s.tile_rows();
  return (image * s.out_height + tile_row % s.tile_rows() * s.tile()) * s.out_width;
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

/// Images of which each tile sees a square.
struct TileImages {
  const real* data;
  int64_t height, width, pixel;
  int64_t channels;  ///< of a pixel, that are read
  int64_t reach;     ///< pixels of a side of the square
  int64_t offset;    ///< from the first pixel of the square to that of the tile
};

TileImages source_images(const WinogradShape& s, const real* source);
/// Filters [first, first + count) of the gradient of the result.
TileImages gradient_images(const WinogradShape& s, const real* dresult, int64_t first,
                           int64_t count);

/// The pixels of tiles one after another, each asked for while the one before is transformed: a
/// tile is a few short pieces of rows, no stream that processors see.
class TilePixels {
 public:
  /// Tiles from `first` on, which is one. Pixels outside the images are `zeros`.
  TilePixels(const WinogradShape& shape, const TileImages& images, const real* zeros,
             int64_t first);

  /// Pointers to the pixels of the next tile.
  const real* const* next();

 private:
  static constexpr int64_t kMost = 36;  ///< pixels of a tile

  void enter();
  void ask() const;

  const WinogradShape& s_;
  const TileImages images_;
  const real* zeros_;
  int64_t next_;
  const real* now_[kMost] = {};
  const real* ahead_[kMost] = {};
};

}  // namespace fracbit::ops
