#pragma once

#include <vector>

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// The inputs one after another along `axis` (negative axes count from the end).
///
/// Shapes   equal but for that axis; the extents along it add up
/// Throws   ShapeError if there are no inputs, no such axis, or other extents differ
Variable concat(const std::vector<Variable>& inputs, int axis);

}  // namespace fracbit::ops
