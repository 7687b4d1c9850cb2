#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

namespace fracbit::quantize {

/// Levels above the lowest of a k-bit code: n = 2^k - 1.
constexpr int32_t top_code(int bits) {
  return (int32_t{1} << bits) - 1;
}

/// floor(v + 1/2) clamped to [0, top]; exact also where v + 1/2 would round. NaN gives 0.
/// Paper  Zhou et al. 2016, DoReFa-Net, eq. 5; halves go up (spec 0.2)
inline int32_t round_to_code(real v, real top) {
  v = v > 0 ? v : 0;
  v = v < top ? v : top;
  const auto whole = static_cast<int32_t>(v);
  return whole + static_cast<int32_t>(v - static_cast<real>(whole) >= static_cast<real>(0.5));
}

/// quantize_k as a code: round_to_code(n r).
inline int32_t quantize_k(real r, real top) {
  return round_to_code(top * r, top);
}

/// sgn(x): +1 for x >= 0 and both zeros, -1 below (and for NaN).
inline real sign(real x) {
  return static_cast<real>(x >= 0 ? 1 : -1);
}

}  // namespace fracbit::quantize
