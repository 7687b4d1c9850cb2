#pragma once

#include "fracbit/framework/ops/pool.h"
#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = maximum over the window, per channel. Padding never wins: it counts as minus infinity. NaN
/// wins. The gradient goes to the first maximum of the window in row-major order.
///
/// Shapes, range, throws   as pool_shape
Variable max_pool(const Variable& x, const PoolOptions& options);

}  // namespace fracbit::ops
