#pragma once

#include "fracbit/framework/ops/pool.h"
#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = sum over the window / kernel^2, per channel. Padding counts as zeros, so the divisor is the
/// same everywhere.
///
/// Shapes, range, throws   as pool_shape
Variable avg_pool(const Variable& x, const PoolOptions& options);

}  // namespace fracbit::ops
