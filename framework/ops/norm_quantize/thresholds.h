#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fracbit/framework/ops/norm_quantize.h"

namespace fracbit::ops {

/// The codes of y = D s[c] + t[c] as compares of D, for D of type T (int16_t, int32_t or real).
///
/// y is evaluated as one product and one sum in `real`. It rises with D' = D where s >= 0 and with
/// D' = -D where s < 0, each step being a correctly rounded monotone operation; so every code is an
/// interval of D':
///
///   code = number of j < top with D' > above[j stride + c] or, for cabs, D' < below[j stride + c]
///
/// never:  above is the largest T (infinity for real), below the lowest
/// always: above is the lowest T
/// Exact for |D| <= the largest T, the lowest integer of T excluded.
/// Spec  5.6
template <typename T>
struct CodeThresholds {
  int top = 0;
  int64_t channels = 0;
  int64_t stride = 0;       ///< channels rounded up to whole words of 64; the rest is "never"
  std::vector<T> above;     ///< [top][stride]
  std::vector<T> below;     ///< [top][stride] for cabs, else empty
  std::vector<real> scale;  ///< s, padded to stride; D' = -D where it is negative
};

/// Finds them by bisection over the very expression: the code of y is
///   clip01   floor(n y + 1/2) clamped to 0 .. n, n = 2^bits - 1 (round_to_code)
///   cabs     the same of |y|
///   sign     1 for y >= 0
/// Throws ConfigError for another activation.
template <typename T>
CodeThresholds<T> find_thresholds(std::span<const real> s, std::span<const real> t,
                                  BlockActivation activation, int bits);

}  // namespace fracbit::ops
