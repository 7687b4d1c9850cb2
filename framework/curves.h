#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fracbit/framework/metrics.h"

namespace fracbit {

/// A picture of loss and accuracy over the epochs, training and test: one self-contained SVG for
/// light and dark pages. Values that are not finite leave gaps. Any number of rows, also none.
std::string curves_svg(std::span<const EpochReport> rows, std::string_view title);

}  // namespace fracbit
