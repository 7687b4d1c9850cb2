#pragma once

#include <cstdint>

#include "fracbit/framework/ops/gradient_rows.h"
#include "fracbit/framework/ops/make_pixels.h"
#include "fracbit/framework/ops/pixel_pass.h"
#include "fracbit/framework/tensor.h"
#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// Geometry of a convolution, the same for height and width. Padding is zeros.
struct Conv2dOptions {
  int64_t stride = 1;
  int64_t padding_begin = 0;  ///< rows above and columns left
  int64_t padding_end = 0;    ///< rows below and columns right
  int64_t groups = 1;
  /// Products are direct, so that sums of whole numbers below 2^24 are exact. Otherwise 3x3 and 5x5
  /// kernels of stride 1 may go through Winograd's transforms, which round: to 1e-4 of the largest
  /// result.
  bool exact = false;
};

/// Shape of the output: H' = (H + padding_begin + padding_end - KH) / stride + 1, rounded down.
///
/// Shapes   x [N, H, W, Cin], weight [Cout, KH, KW, Cin / groups] -> [N, H', W', Cout]
/// Throws   ShapeError if ranks or channels do not fit, the kernel is larger than the padded image,
/// or groups do not divide
///          the channels; ConfigError if stride or groups is not positive or a padding is negative.
Shape conv2d_shape(const Shape& x, const Shape& weight, const Conv2dOptions& options);

/// y[n, i, j, f] = bias[f] + sum over u, v, c of x[n, i s + u - p, j s + v - p, c] weight[f, u, v,
/// c]. `bias` [Cout] may be null, and so may `pass`, which is then done to y. Throws as
/// conv2d_shape.
Tensor conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                      const Conv2dOptions& options, PixelPass* pass = nullptr);
/// What makes pixels of x w without bias once more, to the bit. Only for convolutions that
/// conv2d_makes_pixels(): those of few input channels, which do not go through Winograd's
/// transforms. Copies what it needs of x and the weights.
MakePixels conv2d_pixels(const Tensor& x, const Tensor& weight, const Conv2dOptions& options);
bool conv2d_makes_pixels(const Shape& x, const Shape& weight, const Conv2dOptions& options);
/// Gradient of the input (shape `x`) from the gradient dy of the output.
Tensor conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                             const Conv2dOptions& options);
/// Gradient of the weights (shape `weight`) from the gradient dy of the output.
Tensor conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                              const Conv2dOptions& options);
/// The same from rows of dy as they are made, for convolutions that conv2d_takes_rows(): those of
/// few input channels, as a first layer has.
Tensor conv2d_weight_gradient(const Tensor& x, const GradientRows& dy, const Shape& weight,
                              const Conv2dOptions& options);
bool conv2d_takes_rows(const Shape& x, const Shape& weight, const Conv2dOptions& options);

/// The differentiable form; `bias` may be undefined.
Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const Conv2dOptions& options);

}  // namespace fracbit::ops
