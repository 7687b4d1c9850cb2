#pragma once

#include <cstdint>

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Pixels of x against pixels of dy, for the gradient of convolution weights. Tap (u, v) of pixel
/// (i, j) of dy is pixel (i step + u - padding, j step + v - padding) of x, left out if outside.
/// dy may be read a few reals past `filters`, and x past `length`, at any pixel.
struct TapOuter {
  int64_t images = 0;
  int64_t dy_height = 0, dy_width = 0, dy_pixel = 0, filters = 0;
  int64_t height = 0, width = 0, pixel = 0, length = 0;  ///< of x; `length` reals of each tap
  int64_t step = 1, padding = 0;
  int64_t tap_rows = 1, tap_columns = 1;
};

/// Reals past the end that tap_outer may read where a pixel has fewer than this many.
int64_t tap_outer_slack();

/// dw[f][u][v][k] = sum over pixels of dy[pixel][f] x[tap (u, v) of pixel][k], f < filters, k <
/// length.
void tap_outer(const TapOuter& shape, const real* dy, const real* x, real* dw);

}  // namespace fracbit::ops
