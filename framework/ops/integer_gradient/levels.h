#pragma once

#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {

/// The gradients of ungrouped products on machines without table kernels: codes become levels of 8
/// or 16 bits, whose dot products are exact (ops/integer_levels).
void levels_input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& shape,
                           Tensor& dx);
void levels_weight_gradient(const ScaledBits& x, const GradientCodes& g,
                            const Conv2dGeometry& shape, Tensor& dw);

}  // namespace fracbit::ops::integer_gradient
