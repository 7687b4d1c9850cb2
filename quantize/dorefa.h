#pragma once

#include "fracbit/quantize/quantizer.h"

namespace fracbit::quantize {

/// Weights of DoReFa-Net.
///
/// Formula  k = 1: E sgn(w), E = mean |w| over the layer. k > 1: 2 q / n - 1, q = floor(n u + 1/2),
///          u = tanh(w) / (2 m) + 1/2, m = max |tanh(w)| over the layer (u = 1/2 where m = 0),
///          n = 2^k - 1
/// Levels   bipolar codes 2 q - n; scales [1] = E or 1 / n
/// Gradient k = 1: identity. k > 1: the derivative of 2 u - 1, with that of m (`through`, ties
/// share
///          equally) or without (`detached`)
/// Range    k 1 .. 8
/// Paper    Zhou et al. 2016, DoReFa-Net, eq. 7-10
class DorefaWeights : public Quantizer {
 public:
  enum class MaxGradient { through, detached };
  explicit DorefaWeights(int bits, MaxGradient max_gradient = MaxGradient::through)
      : bits_(bits), max_gradient_(max_gradient) {}

  ScaledLevels simulate(const Tensor& w, Mode mode) override;
  ScaledBits encode(const Tensor& w, Mode mode) override;
  Tensor backward(const Tensor& w, Tensor dy) const override;
  double bits() const override { return bits_; }
  int max_levels() const override { return 1 << bits_; }

 private:
  /// tanh(w); sets max_.
  Tensor fit(const Tensor& w);
  /// m, or 1 where all weights are 0: then u = 1/2.
  real divisor() const;

  int bits_;
  MaxGradient max_gradient_;
  real max_ = 0;  ///< m of the last forward, k > 1
};

/// Activations of DoReFa-Net.
///
/// Formula  q / n, q = floor(n h(x) + 1/2), n = 2^k - 1, h(x) = min(1, max(0, x)) (clip01) or
///          min(1, |x|) (cabs)
/// Levels   unsigned codes q; scales [1] = 1 / n
/// Gradient clip01: 1 on 0 <= x <= 1; cabs: sign(x) on 0 < |x| < 1
/// Range    k 1 .. 8
/// Paper    Zhou et al. 2016, DoReFa-Net, eq. 11
class DorefaActivations : public Quantizer {
 public:
  enum class Clip { clip01, cabs };
  explicit DorefaActivations(int bits, Clip clip = Clip::clip01) : bits_(bits), clip_(clip) {}

  ScaledLevels simulate(const Tensor& x, Mode mode) override;
  ScaledBits encode(const Tensor& x, Mode mode) override;
  Tensor backward(const Tensor& x, Tensor dy) const override;
  std::optional<Step> step() const override;
  deploy::StoredOutput stored_output() const override;
  double bits() const override { return bits_; }
  int max_levels() const override { return 1 << bits_; }

 private:
  int bits_;
  Clip clip_;
};

}  // namespace fracbit::quantize
