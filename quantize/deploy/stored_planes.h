#pragma once

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// The planes of `bits` as those of weights whose extents are set: coding, bits, words. Rows of
/// [F, K] are cut into taps. Throws ConfigError for codes that are not bipolar.
void store_planes(const BitTensor& bits, Weights& weights);

/// Bipolar codes of one bit as a grid of one term with the integer scale 1.
void one_term_grid(Weights& weights);

/// The largest unit of which all masks are made.
MaskUnit mask_unit(const Weights& weights);

}  // namespace fracbit::deploy
