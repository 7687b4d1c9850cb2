#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "fracbit/framework/real.h"

namespace fracbit::quantize {

/// a where the condition holds, else b, without a branch.
inline float select(bool condition, float a, float b) {
  const auto pick = static_cast<uint32_t>(-static_cast<int32_t>(condition));
  return std::bit_cast<float>((std::bit_cast<uint32_t>(a) & pick) |
                              (std::bit_cast<uint32_t>(b) & ~pick));
}

/// tanh(x) to 2 units in the last place, without branches, so that loops over it use vectors; the
/// same bits on every machine. NaN gives +-1.
///
/// |x| < 0.625: an odd polynomial; otherwise 1 - 2 / (exp(2 |x|) + 1). Polynomials as in Cephes.
inline float squash(float x) {
  const float a = select(std::abs(x) < 9.5f, std::abs(x), 9.5f);
  const float z = a * a;
  float near = -5.70498872745e-3f * z + 2.06390887954e-2f;
  near = near * z - 5.37397155531e-2f;
  near = near * z + 1.33314422036e-1f;
  near = near * z - 3.33332819422e-1f;
  near = near * z * a + a;
  // exp(2 a) = 2^n exp(r)
  const auto n = static_cast<int32_t>(2 * a * 1.44269504088896341f + 0.5f);
  const float whole = static_cast<float>(n);
  const float r = (2 * a - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float e = 1.9875691500e-4f * r + 1.3981999507e-3f;
  e = e * r + 8.3334519073e-3f;
  e = e * r + 4.1665795894e-2f;
  e = e * r + 1.6666665459e-1f;
  e = e * r + 5.0000001201e-1f;
  e = (e * r * r + r + 1) * std::bit_cast<float>((n + 127) << 23);
  const float far = 1 - 2 / (e + 1);
  return std::copysign(select(a < 0.625f, near, far), x);
}

inline double squash(double x) {
  return std::tanh(x);
}

}  // namespace fracbit::quantize
