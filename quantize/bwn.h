#pragma once

#include "fracbit/quantize/quantizer.h"

namespace fracbit::quantize {

/// Weights of binary-weight networks: signs with one scale per filter.
///
/// Formula  alpha_f sgn(w), alpha_f = mean |w| over filter f (axis 0)
/// Gradient paper: dw = dy (1 / n_f + alpha_f 1[|w| <= 1]) with n_f elements per filter;
///          identity: dw = dy
/// Paper    Rastegari et al. 2016, XNOR-Net, eq. 6 and 11
class BwnWeights : public Quantizer {
 public:
  enum class Gradient { paper, identity };
  explicit BwnWeights(Gradient gradient = Gradient::paper) : gradient_(gradient) {}

  ScaledLevels simulate(const Tensor& w, Mode mode) override;
  ScaledBits encode(const Tensor& w, Mode mode) override;
  Tensor backward(const Tensor& w, Tensor dy) const override;
  double bits() const override { return 1; }
  int max_levels() const override { return 2; }
  int64_t stored_scales(int64_t filters) const override { return filters; }

 private:
  Gradient gradient_;
  Tensor scales_;  ///< alpha of the last forward
};

}  // namespace fracbit::quantize
