#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// Mean over all N C numbers of max(0, 1 - t y)^2, where t = +1 at the label of the sample and -1
/// elsewhere.
///
/// Shapes   scores [N, C], labels N -> [1]
/// Range    labels 0..C - 1
/// Throws   ShapeError if scores are not [N, C] with a label per sample, or a label is not one of
///          the C classes
/// Paper    Courbariaux et al. 2016, BinaryNet, released training code
Variable squared_hinge(const Variable& scores, std::span<const int32_t> labels);

}  // namespace fracbit::ops
