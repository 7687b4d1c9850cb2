#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = max(0, x), element by element. NaN stays NaN. Gradient: dx = dy where x > 0, else 0.
Variable relu(const Variable& x);

}  // namespace fracbit::ops
