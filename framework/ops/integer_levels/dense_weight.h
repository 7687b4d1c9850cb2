#pragma once

#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d_geometry.h"

namespace fracbit::ops::integer_levels {

/// Whether each sample is one pixel under one tap, with all channels in one group.
bool is_dense(const Conv2dGeometry& geometry);

/// The weight gradient of such a product: D_b is a single product, so that nothing is summed in
/// integers (integer_levels.h).
void dense_weight_gradient(const ScaledInts& x, const GradientCodes& g,
                           const Conv2dGeometry& geometry, Tensor& dw);

}  // namespace fracbit::ops::integer_levels
