#pragma once

#include <cstdint>

#include "fracbit/framework/round.h"

namespace fracbit::quantize {

using fracbit::round_half_up;
using fracbit::round_to_code;
using fracbit::top_code;

/// quantize_k as a code: floor(n r + 1/2) for r in [0, 1] and n = top.
inline int32_t quantize_k(real r, real top) {
  return round_half_up(top * r);
}

/// sgn(x): +1 for x >= 0 and both zeros, -1 below (and for NaN).
inline real sign(real x) {
  return static_cast<real>(x >= 0 ? 1 : -1);
}

}  // namespace fracbit::quantize
