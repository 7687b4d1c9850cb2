#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// The same elements, in the same row-major order, under another shape. Throws ShapeError unless
/// the sizes are equal.
Variable reshape(const Variable& x, const Shape& shape);

/// One row per sample; a quantized x stays quantized.
///
/// Shapes   x [N, ...] -> [N, product of the rest]
/// Throws   ShapeError if x has rank 0
Variable flatten(const Variable& x);

}  // namespace fracbit::ops
