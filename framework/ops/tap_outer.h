#pragma once

#include <cstdint>

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Pixels of x against pixels of dy, for the gradient of convolution weights. Tap (u, v) of pixel
/// (i, j) of dy is pixel (i step + u - padding, j step + v - padding) of x, left out if outside.
struct TapOuter {
  int64_t images = 0;
  int64_t dy_height = 0, dy_width = 0, dy_pixel = 0, filters = 0;
  int64_t height = 0, width = 0, pixel = 0, length = 0;  ///< of x; `length` reals of each tap
  int64_t step = 1, padding = 0;
  int64_t tap_rows = 1, tap_columns = 1;
};

/// Whether tap_outer reads past the filters of a pixel of dy: then there must be tap_outer_slack()
/// reals after the last pixel.
bool reads_past_dy(const TapOuter& shape);
int64_t tap_outer_slack();

/// dw[f][u][v][k] = sum over pixels of dy[pixel][f] x[tap (u, v) of pixel][k], f < filters, k <
/// length.
void tap_outer(const TapOuter& shape, const real* dy, const real* x, real* dw);

}  // namespace fracbit::ops
