#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y[n, c] = mean over all pixels of x[n, :, :, c].
///
/// Shapes   x [N, H, W, C] -> [N, C]
/// Throws   ShapeError if x is not rank 4 with at least one pixel
Variable global_avg_pool(const Variable& x);

}  // namespace fracbit::ops
