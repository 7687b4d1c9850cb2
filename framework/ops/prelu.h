#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = x where x > 0, else slope x. Gradients: dx = dy where x > 0, else slope dy; dslope = sum of
/// x dy over the x <= 0 (of the channel).
///
/// Shapes   x [..., C]; slope [1] for all channels, or [C]
/// Throws   ShapeError if slope is neither, or x has rank 0
/// Paper    He et al. 2015, Delving Deep into Rectifiers, sec. 2.1
Variable prelu(const Variable& x, const Variable& slope);

}  // namespace fracbit::ops
