#pragma once

#include "fracbit/quantize/deploy/format/bit_stream.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// The planes of weights as bits without gaps, filter by filter, tap by tap, 64 channels at a time.
/// codes: each plane. residual, grid: the signs of term 0; then for each further term one mask bit
/// per element, or per unit, that the term before holds, and the signs of those that are set.
void put_planes(const Weights& weights, BitWriter& out);

/// Fills weights.words, which has its size. False if masks that belong to one unit differ, or the
/// bits end before.
bool get_planes(BitReader& in, Weights& weights);

}  // namespace fracbit::deploy
