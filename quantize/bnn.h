#pragma once

#include "fracbit/quantize/quantizer.h"
#include "fracbit/quantize/residual.h"

namespace fracbit::quantize {

/// Weights of BNN and of deterministic BinaryConnect: signs without a scale.
///
/// Formula  sgn(w), +1 for w >= 0
/// Gradient identity; after each update the latent weights are clipped to [-1, 1]
/// Paper    Courbariaux et al. 2015 (BinaryConnect), eq. 1; 2016 (BNN)
class BnnWeights : public Quantizer {
 public:
  ScaledLevels simulate(const Tensor& w, Mode mode) override;
  ScaledBits encode(const Tensor& w, Mode mode) override;
  Tensor backward(const Tensor& w, Tensor dy) const override;
  double bits() const override { return 1; }
  int max_levels() const override { return 2; }
  int64_t stored_scales(int64_t) const override { return 0; }
  void after_update(Tensor& latent) const override;
};

/// Activations of BNN.
///
/// Formula  sgn(x), +1 for x >= 0
/// Gradient that of hard tanh: 1 on |x| <= 1; everywhere with Window::none
/// Paper    Hubara et al. 2016, BNN, eq. 1 and 4
class BnnActivations : public Quantizer {
 public:
  explicit BnnActivations(Window window = Window::unit) : window_(window) {}

  ScaledLevels simulate(const Tensor& x, Mode mode) override;
  ScaledBits encode(const Tensor& x, Mode mode) override;
  Tensor backward(const Tensor& x, Tensor dy) const override;
  std::optional<Step> step() const override;
  deploy::StoredOutput stored_output() const override;
  double bits() const override { return 1; }
  int max_levels() const override { return 2; }

 private:
  Window window_;
};

}  // namespace fracbit::quantize
