#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = a + b, element by element. Throws ShapeError unless both shapes are equal.
Variable add(const Variable& a, const Variable& b);

}  // namespace fracbit::ops
