#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = s x with one learned number s. Gradients: dx = s dy, ds = sum of x dy.
///
/// Shapes   x any, s [1]
/// Throws   ShapeError if s is not [1]
/// Paper    Tang, Hua, Wang 2017, the scale layer after a binarized last layer
Variable scale(const Variable& x, const Variable& s);

}  // namespace fracbit::ops
