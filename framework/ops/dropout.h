#pragma once

#include "fracbit/framework/random.h"
#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y[i] = x[i] / (1 - p) where random.uniform(i) >= p, else 0 x[i], which keeps NaN and infinity
/// visible: inverted dropout for training (leave it out in evaluation). The same elements pass the
/// gradient, times 1 / (1 - p); they are drawn again instead of stored.
///
/// Throws   ConfigError unless 0 <= p < 1
/// Paper    Srivastava et al. 2014
Variable dropout(const Variable& x, double p, const Random& random);

}  // namespace fracbit::ops
