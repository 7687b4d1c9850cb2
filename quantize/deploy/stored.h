#pragma once

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/tensor.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy {

/// Quantized weights as a deployed network stores them.
struct StoredWeights {
  ScaledBits bits;
  Tensor levels = {};  ///< on a level grid [G, terms], the integer scales of the terms; else empty
  Tensor steps = {};   ///< on a level grid [G]; the scales of `bits` are not used then
};

/// How a deployed network quantizes an activation.
struct StoredOutput {
  Output output;
  real scale = 1;       ///< of an integer: value = scale q; 1 for floats and residual planes
  bool trained = true;  ///< whether its constants are known
};

}  // namespace fracbit::deploy
