#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y[n, f] = bias[f] + sum over k of x[n, k] weight[f, k]. `bias` [F] may be null.
///
/// Shapes   x [N, K], weight [F, K] -> [N, F]
/// Throws   ShapeError if ranks or extents do not fit
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias);
/// dx[n, k] = sum over f of dy[n, f] weight[f, k]: the gradient of x, or the product dy weight.
/// Throws as linear_forward.
Tensor linear_input_gradient(const Tensor& dy, const Tensor& weight);
/// dw[f, k] = sum over n of dy[n, f] x[n, k]: the gradient of the weights, or dy transposed times
/// x. Throws as linear_forward.
Tensor linear_weight_gradient(const Tensor& x, const Tensor& dy);

/// The differentiable form; `bias` may be undefined.
Variable linear(const Variable& x, const Variable& weight, const Variable& bias);

/// y[m, n] = sum over k of a[m, k] b[k, n].
///
/// Shapes   a [M, K], b [K, N] -> [M, N]
/// Throws   ShapeError if ranks or extents do not fit
Variable matmul(const Variable& a, const Variable& b);

}  // namespace fracbit::ops
