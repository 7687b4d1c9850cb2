#pragma once

#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::ops {

/// y[n, i, j, c] = bias[c] + sum over u, v of x[n, i s + u - p, j s + v - p, c] weight[c, u, v, 0]:
/// a convolution with as many groups as channels. `bias` [C] may be undefined.
///
/// Shapes   x [N, H, W, C], weight [C, KH, KW, 1] -> [N, H', W', C], H' as in conv2d_shape
/// Throws   ConfigError if options.groups is neither 1 (not set) nor C; otherwise as conv2d_shape
Variable depthwise_conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                          const Conv2dOptions& options);

/// The parts of it, as for conv2d. `bias` and `pass` may be null.
Tensor depthwise_conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                                const Conv2dOptions& options, PixelPass* pass = nullptr);
Tensor depthwise_conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                                       const Conv2dOptions& options);
Tensor depthwise_conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                                        const Conv2dOptions& options);

}  // namespace fracbit::ops
