#include "fracbit/quantize/residual.h"

#include <limits>
#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/granularity.h"
#include "fracbit/quantize/hbnn.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {

Window window_of(std::string_view name) {
  one_of("ste-window", name, {"1", "bits", "none"});
  return name == "1" ? Window::unit : name == "bits" ? Window::bits : Window::none;
}

real limit_of(Window window, int terms) {
  if (window == Window::none) return std::numeric_limits<real>::infinity();
  return window == Window::bits ? static_cast<real>(terms) : 1;
}

Tensor Residual::fit(const Tensor& x) const {
  const bool whole = groups_ == Groups::one || x.shape().rank() == 0;
  const Tensor first = group_mean_abs(x, whole ? 1 : x.shape()[0]);
  return fit_scales(x, first, terms_, UniformWidths(terms_));
}

ScaledLevels Residual::simulate(const Tensor& x, Mode) {
  return residual_levels(x, fit(x), UniformWidths(terms_), grid_);
}

ScaledBits Residual::encode(const Tensor& x, Mode) {
  return residual_bits(x, fit(x), UniformWidths(terms_), grid_);
}

ScaledInts Residual::encode_ints(const Tensor& x, Mode mode) {
  if (grid() == 0) return Quantizer::encode_ints(x, mode);
  return residual_ints(x, fit(x), UniformWidths(terms_), grid_);
}

deploy::StoredWeights Residual::stored_weights(const Tensor& w) {
  return stored_residual(w, fit(w), UniformWidths(terms_), grid_);
}

deploy::StoredOutput Residual::stored_output() const {
  throw ConfigError(
      "[deploy] scales of each sample have no deployed form; those of act-scales running have");
}

Tensor Residual::backward(const Tensor& x, Tensor dy) const {
  require_same_shape("residual", x, dy);
  if (window_ == Window::none) return dy;
  const real limit = limit_of(window_, terms_);
  return pass_inside(x, std::move(dy), -limit, limit);
}

int64_t Residual::stored_scales(int64_t filters) const {
  return terms_ * (groups_ == Groups::one ? 1 : filters);
}

namespace {

constexpr int kMostTerms = 8;

std::unique_ptr<Quantizer> make_weights(const Spec& spec) {
  const int bits = whole_bits("weight-bits", spec.scheme, spec.weight_bits, kMostTerms);
  const Window window = window_of(spec.ste_window);
  const int grid = grid_range(spec.level_grid);
  granularity_named(spec.bit_granularity);  // all bits are equal: any block of elements shares them
  if (bits == 32) return nullptr;
  return std::make_unique<Residual>(
      bits, spec.scope == Scope::filter ? Residual::Groups::axis0 : Residual::Groups::one, window,
      grid);
}

/// Codes of n terms with scales of the batch, and running ones in inference.
std::unique_ptr<Quantizer> running_activations(int bits, Window window, int grid) {
  if (bits > 3) {
    throw ConfigError("act-scales: running takes act-bits of 1 to 3, got " + std::to_string(bits));
  }
  BitShares shares{};
  shares[static_cast<size_t>(bits - 1)] = 1;
  return std::make_unique<HbnnActivations>(shares, Heuristic::middle_out, window, grid);
}

/// Scales of activations are per sample, also in inference (Tang et al.), or running ones.
std::unique_ptr<Quantizer> make_activations(const Spec& spec) {
  const int bits = whole_bits("act-bits", spec.scheme, spec.act_bits, kMostTerms);
  const Window window = window_of(spec.ste_window);
  const int grid = grid_range(spec.level_grid);
  granularity_named(spec.bit_granularity);  // all bits are equal: any block of elements shares them
  one_of("act-scales", spec.act_scales, {"sample", "running"});
  if (bits == 32) return nullptr;
  if (spec.act_scales == "running") return running_activations(bits, window, grid);
  return std::make_unique<Residual>(bits, Residual::Groups::axis0, window, grid);
}

}  // namespace

namespace catalogue {

extern const Scheme residual;
constinit const Scheme residual = {
    .name = "residual",
    .summary = "sums of n scaled signs, each of what the ones before left over",
    .paper = "Fromm et al. 2018, arXiv:1805.10368, eq. 4; Tang et al. 2017",
    .default_weight_bits = 2,
    .default_act_bits = 2,
    .weights = make_weights,
    .activations = make_activations,
    .order = BlockOrder::conv_pool_bn_act,
    .scale_after_last = true,
    .options = "scope ste-window level-grid bit-granularity act-scales",
};

}  // namespace catalogue
}  // namespace fracbit::quantize
