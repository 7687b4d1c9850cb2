#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = min(high, max(low, x)), element by element. Gradient: dx = dy where low <= x <= high, ends
/// included, else 0. NaN stays NaN.
///
/// Throws   ConfigError unless low < high, both numbers
Variable clip(const Variable& x, real low, real high);

}  // namespace fracbit::ops
