#pragma once

#include <string>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::ops {

/// Gradients of products of quantized tensors, from the gradient codes g of the output, on exact
/// integers. With D the sum of (2 q - top) times a level of the other operand:
///
///   dx = (scale_g[n] scale_w) float(D)
///   dw = scale_x acc,  acc = fma(scale_g[b], float(D_b), acc) over the samples b in order, from 0;
///        dense, acc = fma(scale_g[b] (2 q - top), level, acc)
///
/// so that every instruction set and number of threads gives the same bits. A tap outside the image
/// adds nothing, also for +-1 operands.
///
/// Shapes   g [N, H', W', Cout], w [Cout, KH, KW, Cin / groups] -> dx of shape `x`; `weight` of dw;
///          linear: g [N, F], w [F, K] -> dx [N, K]; x [N, K] -> dw [F, K]
/// Throws   as conv2d_shape and linear_forward; ConfigError unless w or x are codes of at most 8
///          bits and levels of at most 255; ShapeError unless they have one scale, and if D could
///          leave 32 bits
/// Paper    Zhou et al. 2016, DoReFa-Net, algorithm 1
Tensor conv2d_input_gradient(const GradientCodes& g, const ScaledBits& w, const Shape& x,
                             const Conv2dOptions& options);
Tensor conv2d_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Shape& weight,
                              const Conv2dOptions& options);
Tensor linear_input_gradient(const GradientCodes& g, const ScaledBits& w);
Tensor linear_weight_gradient(const ScaledBits& x, const GradientCodes& g);

/// What computes these on this machine from gradients of `bits`: "table 6x1 (avx512vp)", bits of
/// the gradient first; "dot" with dot products, "levels" with sums of 16-bit levels. Of dense
/// weights linear_weight_gradient_name() (integer_levels.h).
std::string input_gradient_name(const BitTensor& w, int bits, int64_t groups);
std::string weight_gradient_name(const BitTensor& x, int bits, int64_t groups);

}  // namespace fracbit::ops
