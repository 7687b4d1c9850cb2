#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/real.h"

namespace fracbit::ops {

/// Which pixels of x a pixel of the result sees, and where the result goes. For pixel (i, j) of a
/// grid in each image, tap (u, v) is pixel (i step + tap_rows[u], j step + tap_columns[v]) of x,
/// zeros if outside; the result is pixel (y_row + i y_step, y_column + j y_step) of y.
struct TapGrid {
  int64_t images = 0;
  int64_t rows = 0, columns = 0;             ///< of the grid
  int64_t height = 0, width = 0, pixel = 0;  ///< of x; reals from one pixel to the next
  int64_t length = 0;                        ///< reals that one tap takes
  int64_t step = 1;                          ///< pixels of x from one grid pixel to the next
  std::vector<int64_t> tap_rows, tap_columns;
  int64_t y_height = 0, y_width = 0, y_pixel = 0;
  int64_t y_step = 1, y_row = 0, y_column = 0;

  int64_t pixels() const { return images * rows * columns; }
  int64_t taps() const { return static_cast<int64_t>(tap_rows.size() * tap_columns.size()); }
};

/// The taps of a block of grid pixels as pointers, in the order kernels read them: tiles of `rows`
/// pixels, in each [tap][row]. The last pixel is repeated to fill the last tile.
class TapTable {
 public:
  /// `zeros` is what taps outside x point to.
  TapTable(const TapGrid& grid, int64_t rows, const real* x, const real* zeros);

  /// Grid pixels [begin, end).
  void enter(int64_t begin, int64_t end);

  int64_t tiles() const { return tiles_; }
  int64_t taps() const { return taps_; }
  const real* const* sources(int64_t tile) const { return sources_.data() + tile * taps_ * rows_; }
  /// For each row of a tile where its result is in y, in reals.
  const int64_t* results(int64_t tile) const { return results_.data() + tile * rows_; }

 private:
  struct Place {
    int64_t image, i, j;
  };
  int64_t result(const Place& place) const;
  /// The taps of one tile whose pixels follow each other in a row of the grid.
  void enter_row(const Place& first, const real** out) const;
  /// The taps of one pixel.
  void enter_pixel(const Place& place, const real** out) const;

  const TapGrid& grid_;
  int64_t taps_;
  int64_t rows_;
  const real* x_;
  const real* zeros_;
  int64_t tiles_ = 0;
  std::vector<const real*> sources_;
  std::vector<int64_t> results_;
};

}  // namespace fracbit::ops
