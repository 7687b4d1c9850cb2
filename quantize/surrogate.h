#pragma once

#include "fracbit/framework/tensor.h"

namespace fracbit::quantize {

/// The straight-through window: dx_i = dy_i where lo <= x_i <= hi, 0 elsewhere (and for NaN).
///
/// It is the derivative of clip(x, lo, hi), the surrogate that stands for a staircase on the way
/// back. Shapes   x and dy equal; throws ShapeError otherwise.
Tensor pass_inside(const Tensor& x, Tensor dy, real lo, real hi);

/// The derivative of min(1, |x|): dx_i = dy_i sign(x_i) where 0 < |x_i| < 1, 0 elsewhere.
/// Shapes   x and dy equal; throws ShapeError otherwise.
Tensor pass_abs_clip(const Tensor& x, Tensor dy);

}  // namespace fracbit::quantize
