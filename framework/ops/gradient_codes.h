#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/random.h"
#include "fracbit/framework/real.h"

namespace fracbit::ops {

/// The arithmetic of k-bit gradients for one sample, used by the gradient quantizer and by blocks.
/// With m the largest |g| of the sample, n = top = 2^k - 1 and noise sigma in (-1/2, 1/2):
///
///   n u = (g up) slope + n / 2 + sigma,   q = floor(clamp(n u, 0, n) + 1/2),   value = m / n (2 q
///   - n)
///
/// `up` is a power of two that keeps slope = n / (2 m up) finite where m is tiny; m = 0 gives codes
/// of noise alone, and the scale 0 makes them nothing.
/// Paper  Zhou et al. 2016, DoReFa-Net, eq. 12
struct GradientMap {
  GradientMap() = default;
  /// m may be 0; NaN counts as 0.
  GradientMap(real m, int32_t top);

  real up = 1;
  real slope = 0;
  real scale = 0;  ///< m / n
};

/// Codes of g with the noise of elements first, first + 1, ... of `noise`; top < 2^8 or 2^16.
void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    const Random& noise, int64_t first, uint8_t* codes);
void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    const Random& noise, int64_t first, uint16_t* codes);
/// With explicit noise, one number per element.
void gradient_codes(std::span<const real> g, const GradientMap& map, int32_t top,
                    std::span<const real> sigma, uint16_t* codes);

}  // namespace fracbit::ops
