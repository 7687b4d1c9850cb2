#pragma once

#include <string_view>

#include "fracbit/quantize/quantizer.h"

namespace fracbit::quantize {

/// Where the straight-through gradient of a residual code passes: |x| <= 1, |x| <= bits of the
/// element, everywhere.
enum class Window { unit, bits, none };
/// The largest |x| of a window for an element of `terms` bits; infinite if there is none.
real limit_of(Window window, int terms);
/// The window of Spec::ste_window. Throws ConfigError unless it is "1", "bits" or "none".
Window window_of(std::string_view name);

/// Homogeneous residual binarization: the sum of n scaled signs, each of what the ones before left
/// over.
///
/// Formula  E_0 = x; mu_i = mean |E_(i-1)|, E_i = E_(i-1) - mu_i sgn(E_(i-1)); value = sum over i
/// of
///          mu_i sgn(E_(i-1))
/// Scales   per layer, or per index of axis 0 (per filter of weights, per sample of activations)
/// Levels   n = 1: bipolar codes; else residual planes with full masks, or the integers of a level
///          grid of range `grid` (level_grid.h; 0: none)
/// Gradient 1 inside the window, scales held constant
/// Range    n 1 .. 8
/// Paper    Fromm et al. 2018, Heterogeneous Bitwidth Binarization, eq. 4; Tang et al. 2017
class Residual : public Quantizer {
 public:
  enum class Groups { one, axis0 };
  Residual(int terms, Groups groups, Window window = Window::unit, int grid = 0)
      : terms_(terms), groups_(groups), window_(window), grid_(grid) {}

  ScaledLevels simulate(const Tensor& x, Mode mode) override;
  ScaledBits encode(const Tensor& x, Mode mode) override;
  ScaledInts encode_ints(const Tensor& x, Mode mode) override;
  deploy::StoredWeights stored_weights(const Tensor& w) override;
  deploy::StoredOutput stored_output() const override;
  int grid() const override { return terms_ == 1 ? 1 : grid_; }
  Tensor backward(const Tensor& x, Tensor dy) const override;
  std::optional<real> window() const override { return limit_of(window_, terms_); }
  bool whole_levels() const override { return grid() > 0; }
  double bits() const override { return terms_; }
  int max_levels() const override { return 1 << terms_; }
  int64_t stored_scales(int64_t filters) const override;

 private:
  Tensor fit(const Tensor& x) const;

  int terms_;
  Groups groups_;
  Window window_;
  int grid_;
};

}  // namespace fracbit::quantize
