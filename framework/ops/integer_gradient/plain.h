#pragma once

#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {

/// Products in groups, as sums of 16-bit levels, for every geometry and pair of bits. Operands are
/// checked.
void plain_input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& shape,
                          Tensor& dx);
void plain_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& shape,
                           Tensor& dw);

}  // namespace fracbit::ops::integer_gradient
