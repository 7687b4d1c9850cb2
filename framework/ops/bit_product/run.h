#pragma once

#include <string_view>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/bit_product/geometry.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops::bit_product {

/// The product of packed operands on the kernels of one instruction set ("reference" included).
/// Parallel over images, rows and filters; every output is one integer expression, so nothing
/// depends on threads, blocks or the instruction set.
///
/// Throws   ShapeError if the integers could leave int32; ConfigError if this build has no such
/// kernels
void run(const ScaledBits& x, const ScaledBits& w, const Geometry& geometry,
         std::string_view kernels, Tensor& y);

}  // namespace fracbit::ops::bit_product
