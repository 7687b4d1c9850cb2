#pragma once

#include <string>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d.h"

namespace fracbit::ops {

/// Exact integer products D = sum of x w over the levels of two quantized operands, without their
/// scales: what a quantized layer keeps of its product.
///
/// Shapes   conv2d: x [N, H, W, Cin], w [Cout, KH, KW, Cin / groups] -> [N, H', W', Cout];
///          linear: x [N, K], w [F, K] -> [N, F]
/// Range    int16 where the length of a sum times the largest levels fits it, else int32
/// Padding  is a true zero: taps outside the image add nothing, also for +-1 operands (spec 5.5)
/// Throws   as conv2d_shape; ShapeError if the sums could leave int32

/// Of bitplanes: codes, or one residual term (mask times sign). ConfigError for more terms.
IntTensor integer_conv2d(const BitTensor& x, const BitTensor& w, const Conv2dOptions& options);
IntTensor integer_linear(const BitTensor& x, const BitTensor& w);

/// The most that |D| can be for these operands.
int64_t largest_integer(const BitTensor& x, const BitTensor& w);

/// What computes the integer product of operands of these kinds on this machine: "codes 1x2
/// popcount (avx512vp)" or "codes 1x2 lookup (avx2)", bits of the weights first.
std::string integer_product_name(const BitTensor& x, const BitTensor& w, int64_t taps,
                                 int64_t group_filters);

}  // namespace fracbit::ops
