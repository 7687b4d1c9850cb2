#pragma once

#include <string_view>

#include "fracbit/framework/tensor.h"

namespace fracbit::quantize {

/// The largest integer level R of Spec::level_grid: 127 for "int8", 511 for "int10", 0 for "float",
/// levels without a grid. Throws ConfigError for another name.
int grid_range(std::string_view name);

/// Scales of a residual code on an integer grid.
///
/// Formula  step = S / (R - t / 2), S = sum of mu_n, t = max(3, terms); m_n = floor(mu_n / step +
///          1/2), so that a sum of all m_n stays within R. step is 0, and so are all m_n, where S
///          is 0, too small for a normal step, or not finite, or a mu negative
/// Shapes   mu [G, terms] -> step [G], m [G, terms], integers as reals
/// Range    |m_n step - mu_n| <= step / 2
struct GridScales {
  Tensor step;
  Tensor m;
};
GridScales grid_scales(const Tensor& mu, int range);

}  // namespace fracbit::quantize
