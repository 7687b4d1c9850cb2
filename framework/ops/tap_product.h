#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/panels.h"

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
};

/// y[pixel][f] = bias[f] + sum over taps t, k < length of x[tap t of pixel][k] weights[t length +
/// k][f]. `bias` may be null.
void tap_product(const TapGrid& grid, const real* x, const Panels& weights, const real* bias,
                 real* y);

}  // namespace fracbit::ops
