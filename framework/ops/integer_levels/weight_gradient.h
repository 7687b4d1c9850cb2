#pragma once

#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/integer_levels/format.h"

namespace fracbit::ops::integer_levels {

/// dw of a convolution, of the weights' shape. Operands are checked.
void weight_gradient(const ScaledInts& x, const GradientCodes& g, const Conv2dGeometry& geometry,
                     Tensor& dw);

}  // namespace fracbit::ops::integer_levels
