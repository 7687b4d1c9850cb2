#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// y = min(1, |x|), element by element. Gradient: dx = sign(x) dy where 0 < |x| < 1, else 0. NaN
/// stays NaN.
///
/// Paper    Zhou et al. 2016, DoReFa-Net: `cabs` of the released code, an h(x) of sec. 2.4
Variable abs_clip(const Variable& x);

}  // namespace fracbit::ops
