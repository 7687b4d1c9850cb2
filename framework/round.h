#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

namespace fracbit {

/// Levels above the lowest of a k-bit code: n = 2^k - 1.
constexpr int32_t top_code(int bits) {
  return (int32_t{1} << bits) - 1;
}

/// floor(v + 1/2) for v of 0 or more; exact also where v + 1/2 would round.
/// Paper  Zhou et al. 2016, DoReFa-Net, eq. 5; halves go up
inline int32_t round_half_up(real v) {
  const auto whole = static_cast<int32_t>(v);
  return whole + static_cast<int32_t>(v - static_cast<real>(whole) >= static_cast<real>(0.5));
}

/// floor(v + 1/2) clamped to [0, top]. NaN gives 0.
inline int32_t round_to_code(real v, real top) {
  v = v > 0 ? v : 0;
  v = v < top ? v : top;
  return round_half_up(v);
}

}  // namespace fracbit
