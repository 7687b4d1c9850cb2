#pragma once

#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/pixel_pass.h"
#include "fracbit/framework/ops/tap_table.h"

namespace fracbit::ops {

/// y[pixel][f] = bias[f] + sum over taps t, k < length of x[tap t of pixel][k] weights[t length +
/// k][f]. `bias` may be null. So may `pass`; otherwise grid pixels are the pixels of y, in their
/// order, and all of each is written.
void tap_product(const TapGrid& grid, const real* x, const Panels& weights, const real* bias,
                 real* y, PixelPass* pass = nullptr);

/// Grid pixels [begin, end) alone, by this thread and to the bit: y[begin] at `y`. The grid's
/// pixels are those of y, in their order.
void tap_product_pixels(const TapGrid& grid, const real* x, const Panels& weights, int64_t begin,
                        int64_t end, real* y);

}  // namespace fracbit::ops
