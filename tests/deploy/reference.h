#pragma once

#include <span>
#include <vector>

#include "fracbit/quantize/deploy/model.h"

/// The meaning of an op list, element by element: what the runtime is held against. Exact products
/// and everything after them agree to the bit; float products are summed in double here, so they do
/// where all their sums are exact.
namespace fracbit::deploy::reference {

/// Scores of one image.
std::vector<float> run(const Model& model, std::span<const float> image);

}  // namespace fracbit::deploy::reference
