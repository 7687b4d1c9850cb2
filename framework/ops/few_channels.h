#pragma once

#include <cstdint>

#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/gradient_rows.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Whether a convolution has few input channels, as a first layer has: a pixel's whole window is
/// then one contiguous patch of a register tile's operand.
bool has_few_channels(const Conv2dGeometry& geometry);

/// dw[f, u, v, c] = sum over n, i, j of dy[n, i, j, f] x[n, i s + u - p, j s + v - p, c].
void few_channels_weight_gradient(const Conv2dGeometry& geometry, const Tensor& x,
                                  const GradientRows& dy, real* dw);

}  // namespace fracbit::ops
