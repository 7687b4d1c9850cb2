#pragma once

#include <span>

#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// The thresholds that say what y = float(D) slope[f] + offset[f] and the quantizer of `output`
/// say, for all exact D with |D| <= largest, or for all finite floats (largest = 0): found by
/// bisection over this very expression (spec 5.6). Throws ConfigError unless folds(output).
Thresholds fold(const Output& output, std::span<const float> slope, std::span<const float> offset,
                int64_t largest);

/// Codes of at most 4 bits, and signs.
bool folds(const Output& output);

}  // namespace fracbit::deploy
