#pragma once

#include <string>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::ops {

/// Products of quantized tensors, in two engines that agree: on bitplanes, and the float reference
/// on levels. Where both operands are codes the sum D of integer levels is exact in both, and y =
/// (scale_x scale_w) D is the same expression, so the results are equal to the bit (as long as |D|
/// < 2^24, which the level form needs). With residual operands they agree to 1e-5 relative.
///
/// Shapes   conv2d: x [N, H, W, Cin], w [Cout, KH, KW, Cin / groups]; linear: x [N, K], w [F, K]
/// Scales   of x: one, or one per sample; of w: one, or one per filter (per term for residual)
/// Padding  is a true zero: taps outside the image add nothing, also for +-1 operands (spec 5.5)
/// Throws   as conv2d_shape or linear_forward; ShapeError for another number of scales, and in the
/// packed form if the integer sums could leave 32 bits
Tensor quantized_conv2d(const ScaledBits& x, const ScaledBits& w, const Conv2dOptions& options);
Tensor quantized_conv2d(const ScaledLevels& x, const ScaledLevels& w, const Conv2dOptions& options);
Tensor quantized_linear(const ScaledBits& x, const ScaledBits& w);
Tensor quantized_linear(const ScaledLevels& x, const ScaledLevels& w);

/// What computes the product of operands of these kinds on this machine: "codes 1x2 popcount
/// (avx512vp)", bits (or terms) of the weights first.
std::string quantized_product_name(const BitTensor& x, const BitTensor& w);

}  // namespace fracbit::ops
