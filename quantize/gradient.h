#pragma once

#include <span>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/random.h"

namespace fracbit::quantize {

/// k-bit gradients of DoReFa-Net, for every scheme: codes over the range of each sample, with noise
/// one step wide, so that the mean over the noise is the gradient itself.
///
/// Formula  m_b = max |g| of sample b, u = clamp(g / (2 m_b) + 1/2 + sigma / n, 0, 1),
///          q = floor(n u + 1/2), value = (m_b / n) (2 q - n), n = 2^bits - 1
/// Shapes   g [N, ...]; scales [N] = m_b / n, 0 for a sample of zeros
/// Noise    sigma of element i is noise.noise(i), uniform in (-1/2, 1/2)
/// Range    bits 1 .. 16; throws ConfigError otherwise
/// Paper    Zhou et al. 2016, DoReFa-Net, eq. 12
class GradientQuantizer {
 public:
  static constexpr int kMostBits = 16;
  static constexpr int kByteBits = 8;  ///< codes() takes no more

  explicit GradientQuantizer(int bits);
  int bits() const { return bits_; }

  ScaledLevels simulate(const Tensor& g, const Random& noise) const;
  ScaledBits encode(const Tensor& g, const Random& noise) const;
  /// The same as bytes. Throws ConfigError for more than 8 bits.
  GradientCodes codes(const Tensor& g, const Random& noise) const;
  /// With explicit noise, one number per element.
  ScaledLevels simulate(const Tensor& g, std::span<const double> sigma) const;

 private:
  int bits_;
};

}  // namespace fracbit::quantize
