#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"

namespace fracbit::deploy::runtime {

/// Weights as the reals they stand for: [filters][taps][channels]. codes: scale (2 q - top);
/// residual: the sum of its terms, in their order; grid: scale times the integer.
std::vector<float> weight_values(const Weights& weights);
/// The integers of weights on a grid.
std::vector<int32_t> weight_integers(const Weights& weights);

/// `pixels` pixels of packed codes, signs or residual planes as the reals they stand for.
void decode_values(const Layout& layout, const std::byte* from, int64_t pixels, float* to);

}  // namespace fracbit::deploy::runtime
