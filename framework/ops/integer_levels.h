#pragma once

#include <string>

#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::ops {

/// Exact products D = sum of x w of integer levels, int32.
///
/// Shapes   conv2d: x [N, H, W, Cin], w [Cout, KH, KW, Cin / groups] -> [N, H', W', Cout];
///          linear: x [N, K], w [F, K] -> [N, F]
/// Range    x and w of width int8 or int16; a tap outside the image adds nothing
/// Throws   as conv2d_shape; ShapeError if the sums could leave 32 bits, ConfigError for int32
IntTensor integer_conv2d(const IntTensor& x, const IntTensor& w, const Conv2dOptions& options);
IntTensor integer_linear(const IntTensor& x, const IntTensor& w);

/// Gradients of these products, from the gradient codes g of the output, on exact integers. With D
/// the sum of (2 q - top) times a level of the other operand:
///
///   dx = (scale_g[n] scale_w) float(D)
///   dw = scale_x acc,  acc = fma(scale_g[b], float(D_b), acc) over the samples b in order, from 0;
///        with one scale_x per sample, acc = fma(scale_g[b] scale_x[b], float(D_b), acc) alone.
///        Dense, where D_b is the product of one q and one level of x, the scale is multiplied with
///        2 q - top: acc = fma(scale (2 q - top), level, acc)
///
/// so that every instruction set and number of threads gives the same bits. With one scale_w per
/// filter, which stands inside the sum, dx is the float product of the values.
///
/// Shapes   g [N, H', W', Cout], w [Cout, KH, KW, Cin / groups] -> dx of shape `x`; `weight` of dw;
///          linear: g [N, F], w [F, K] -> dx [N, K]; x [N, K] -> dw [F, K]
/// Throws   as conv2d_shape and linear_forward; ShapeError for another number of scales, or if D
///          could leave 32 bits; ConfigError for integers of width int32 or codes beyond 8 bits
/// Paper    Zhou et al. 2016, DoReFa-Net, algorithm 1
Tensor conv2d_input_gradient(const GradientCodes& g, const ScaledInts& w, const Shape& x,
                             const Conv2dOptions& options);
Tensor conv2d_weight_gradient(const ScaledInts& x, const GradientCodes& g, const Shape& weight,
                              const Conv2dOptions& options);
Tensor linear_input_gradient(const GradientCodes& g, const ScaledInts& w);
Tensor linear_weight_gradient(const ScaledInts& x, const GradientCodes& g);

/// What computes the products of levels of this width on this machine: "int8 dot (avx512vp)".
std::string integer_product_name(IntWidth width);
/// What computes linear_weight_gradient() from integers or bits: "outer products (avx512vp)". There
/// is nothing to sum in integers, each sample has a scale of its own.
std::string linear_weight_gradient_name();

}  // namespace fracbit::ops
