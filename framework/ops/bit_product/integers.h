#pragma once

#include <string_view>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/bit_product/geometry.h"

namespace fracbit::ops::bit_product {

/// The most that |D| can be for these operands.
/// Throws   ShapeError if that, or a partial sum of the algebra, does not fit int32
int64_t largest_integer(const BitTensor& x, const BitTensor& w);

/// The one integer product D of codes or single residual terms, [images, H', W', filters], on the
/// kernels of one instruction set ("reference" included). `d` is int16 or int32 and holds every
/// D.
/// Throws   ShapeError as largest_integer; ConfigError for several terms, or if this build has no
/// such kernels
void run_integers(const BitTensor& x, const BitTensor& w, const Geometry& geometry,
                  std::string_view isa, IntTensor& d);

}  // namespace fracbit::ops::bit_product
