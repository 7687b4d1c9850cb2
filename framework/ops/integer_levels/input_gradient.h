#pragma once

#include <vector>

#include "fracbit/framework/ops/integer_levels/windows.h"

namespace fracbit::ops::integer_levels {

/// dx = scale float(D), D the sums of (2 q - top) w. `scales`: one per image, or one per pixel of
/// the only image.
void input_gradient(const GradientCodes& g, const IntTensor& w, const Conv2dGeometry& geometry,
                    const std::vector<real>& scales, Tensor& dx);

}  // namespace fracbit::ops::integer_levels
