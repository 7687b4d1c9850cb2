#pragma once

#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/tap_table.h"

namespace fracbit::ops {

/// y[pixel][f] = bias[f] + sum over taps t, k < length of x[tap t of pixel][k] weights[t length +
/// k][f]. `bias` may be null.
void tap_product(const TapGrid& grid, const real* x, const Panels& weights, const real* bias,
                 real* y);

}  // namespace fracbit::ops
