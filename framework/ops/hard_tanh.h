#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = min(1, max(-1, x)): clip to [-1, 1], gradient 1 on the closed interval.
Variable hard_tanh(const Variable& x);

}  // namespace fracbit::ops
