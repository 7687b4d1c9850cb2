#pragma once

#include <span>

#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// Storage of the weights of float layers.
enum class FloatWeights {
  float32,
  /// One byte each: the nearest s (2 q - 255), q in [0, 255], with one scale s = max |w| / 255 per
  /// filter. Off by at most s; products stay float.
  int8,
};

/// `values` [filters][filter size] as codes of 8 bits of weights whose extents are set.
void store_bytes(std::span<const float> values, Weights& weights);

}  // namespace fracbit::deploy
