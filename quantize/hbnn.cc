#include "fracbit/quantize/hbnn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/selection.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {
namespace {

bool same(const Tensor& a, const Tensor& b) {
  return std::equal(a.span().begin(), a.span().end(), b.span().begin(), b.span().end());
}

}  // namespace

HbnnWeights::HbnnWeights(const Options& options)
    : options_(options), terms_(widest(options.shares)) {}

int64_t HbnnWeights::groups_of(const Tensor& w) const {
  return options_.per_filter && w.shape().rank() > 0 ? w.shape()[0] : 1;
}

int64_t HbnnWeights::stored_scales(int64_t filters) const {
  return terms_ * (options_.per_filter ? filters : 1);
}

void HbnnWeights::prepare(const Shape& shape) {
  masks_per_element_ = static_cast<double>(unit_count(shape, options_.granularity)) /
                       static_cast<double>(std::max<int64_t>(1, shape.size()));
  if (options_.mask_refresh > 1 && terms_ > 1) kept_mask_ = Tensor::zeros(shape);
}

std::vector<Quantizer::State> HbnnWeights::state() {
  std::vector<State> result;
  if (terms_ > 1 && options_.heuristic == Heuristic::random) {
    result.push_back({"permutation", &permutation_.key()});
  } else if (terms_ > 1 && options_.mask_refresh > 1) {
    result.push_back({"mask", &kept_mask_});
    result.push_back({"mask_age", &mask_age_});
  }
  return result;
}

void HbnnWeights::set_random(uint64_t seed, uint32_t stream, uint64_t) {
  permutation_.set(seed, stream);
}

void HbnnWeights::draw_mask(const Tensor& w, const Tensor& means) {
  if (options_.granularity != Granularity::parameter) return draw_unit_mask(w, means);
  const int64_t groups = means.size();
  const int64_t each = groups == 0 ? 0 : w.size() / groups;
  const auto counts = cumulative_counts(options_.shares, each);
  widths_.resize(static_cast<size_t>(w.size()));
  const RandomKeys random = permutation_.keys();
  const int64_t together = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, each));
  parallel_for(groups, together, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      const auto first = static_cast<size_t>(g * each);
      const auto own = std::span(widths_).subspan(first, static_cast<size_t>(each));
      if (options_.heuristic == Heuristic::random) {
        assign_widths(random, g * each, counts, own);
      } else {
        assign_widths(w.span().subspan(first, own.size()), {options_.heuristic, means[g]}, counts,
                      own);
      }
    }
  });
}

namespace {

class UnitValueKeys : public UnitKeys {
 public:
  UnitValueKeys(const real* x, ValueKey key) : x_(x), key_(key) {}
  double sum(int64_t first, int64_t count) const override {
    double total = 0;
    std::array<real, 64> keys;
    for (int64_t done = 0; done < count; done += 64) {
      const int64_t some = std::min<int64_t>(64, count - done);
      key_.fill(x_ + first + done, some, keys.data());
      total += lane_sum(0, some, [&](int64_t i) { return keys[static_cast<size_t>(i)]; });
    }
    return total;
  }

 private:
  const real* x_;
  ValueKey key_;
};

class UnitRandomKeys : public UnitKeys {
 public:
  explicit UnitRandomKeys(const RandomKeys& keys) : keys_(keys) {}
  double sum(int64_t first, int64_t count) const override {
    double total = 0;
    std::array<SortKey, 64> keys;
    for (int64_t done = 0; done < count; done += 64) {
      const int64_t some = std::min<int64_t>(64, count - done);
      keys_.fill(first + done, some, keys.data());
      total += lane_sum(0, some, [&](int64_t i) { return keys[static_cast<size_t>(i)]; });
    }
    return total;
  }

 private:
  RandomKeys keys_;
};

/// The mean of means over equal parts.
real overall(const Tensor& means) {
  const double sum = lane_sum(0, means.size(), [&](int64_t i) { return means[i]; });
  return static_cast<real>(sum / static_cast<double>(std::max<int64_t>(1, means.size())));
}

}  // namespace

void HbnnWeights::draw_unit_mask(const Tensor& w, const Tensor& means) {
  widths_.resize(static_cast<size_t>(w.size()));
  if (options_.heuristic == Heuristic::random) {
    assign_unit_widths(w.shape(), options_.granularity, UnitRandomKeys(permutation_.keys()),
                       options_.shares, widths_);
  } else {
    assign_unit_widths(w.shape(), options_.granularity,
                       UnitValueKeys(w.data(), {options_.heuristic, overall(means)}),
                       options_.shares, widths_);
  }
}

void HbnnWeights::update_mask(const Tensor& w, const Tensor& means, Mode mode) {
  if (options_.heuristic == Heuristic::random) {
    const bool kept =
        static_cast<int64_t>(widths_.size()) == w.size() && same(drawn_from_, permutation_.key());
    if (!kept) draw_mask(w, means);
    drawn_from_ = permutation_.key();
    return;
  }
  if (options_.mask_refresh == 1 || mode == Mode::infer) return draw_mask(w, means);
  if (mask_age_[0] > 0 && kept_mask_.shape() == w.shape()) {
    widths_.resize(static_cast<size_t>(w.size()));
    std::transform(kept_mask_.span().begin(), kept_mask_.span().end(), widths_.begin(),
                   [](real width) { return static_cast<uint8_t>(width); });
  } else {
    draw_mask(w, means);
    kept_mask_ = Tensor::uninitialized(w.shape());
    std::copy(widths_.begin(), widths_.end(), kept_mask_.data());
    mask_age_[0] = 0;
  }
  mask_age_[0] += 1;
  if (mask_age_[0] >= static_cast<real>(options_.mask_refresh)) mask_age_[0] = 0;
}

Tensor HbnnWeights::fit(const Tensor& w, Mode mode) {
  const Tensor means = group_mean_abs(w, groups_of(w));
  if (terms_ == 1) return means.reshaped({means.size(), 1});
  update_mask(w, means, mode);
  return fit_scales(w, means, terms_, StoredWidths(widths_));
}

ScaledLevels HbnnWeights::simulate(const Tensor& w, Mode mode) {
  const Tensor mu = fit(w, mode);
  return residual_levels(w, mu, StoredWidths(widths_), options_.grid);
}

ScaledBits HbnnWeights::encode(const Tensor& w, Mode mode) {
  const Tensor mu = fit(w, mode);
  return residual_bits(w, mu, StoredWidths(widths_), options_.grid);
}

ScaledInts HbnnWeights::encode_ints(const Tensor& w, Mode mode) {
  if (grid() == 0) return Quantizer::encode_ints(w, mode);
  const Tensor mu = fit(w, mode);
  return residual_ints(w, mu, StoredWidths(widths_), options_.grid);
}

deploy::StoredWeights HbnnWeights::stored_weights(const Tensor& w) {
  const Tensor mu = fit(w, Mode::infer);
  return stored_residual(w, mu, StoredWidths(widths_), options_.grid);
}

double HbnnWeights::measured_bits() const {
  if (terms_ == 1 || widths_.empty()) return bits();
  const auto n = static_cast<int64_t>(widths_.size());
  const double sum = lane_sum(0, n, [&](int64_t i) { return widths_[static_cast<size_t>(i)]; });
  return sum / static_cast<double>(n);
}

Tensor HbnnWeights::backward(const Tensor& w, Tensor dy) const {
  require_same_shape("hbnn", w, dy);
  if (options_.window == Window::none) return dy;
  if (options_.window == Window::unit || terms_ == 1) return pass_inside(w, std::move(dy), -1, 1);
  return pass_inside_width(w, std::move(dy), StoredWidths(widths_));
}

namespace {

constexpr int kLongestRefresh = 1 << 20;

/// Shares of an operand of `bits` on average: those of the user where they have this average,
/// otherwise the table's.
BitShares operand_shares(const Spec& spec, std::string_view option, double bits) {
  if (!(bits >= 1 && bits <= 3)) {
    throw ConfigError(std::string(option) + ": " + spec.scheme +
                      " takes an average of 1 to 3, or 32, got " + written(bits));
  }
  if (spec.bit_shares.empty()) return shares_from_average(bits);
  const BitShares given = checked_shares(spec.bit_shares);
  const double average = average_bits(given);
  const auto agrees = [average](double wanted) { return std::abs(wanted - average) < 1e-6; };
  if (agrees(bits)) return given;
  if (agrees(spec.weight_bits) || agrees(spec.act_bits)) return shares_from_average(bits);
  throw ConfigError("bit-shares: average " + written(std::round(average * 1e6) / 1e6) +
                    " bits, but weight-bits is " + written(spec.weight_bits) + " and act-bits is " +
                    written(spec.act_bits));
}

std::unique_ptr<Quantizer> make_weights(const Spec& spec) {
  const Heuristic heuristic = heuristic_named(spec.bit_heuristic);
  const Window window = window_of(spec.ste_window);
  if (spec.mask_refresh < 1 || spec.mask_refresh > kLongestRefresh) {
    throw ConfigError("mask-refresh: expected 1 to " + std::to_string(kLongestRefresh) +
                      " steps, got " + std::to_string(spec.mask_refresh));
  }
  const int grid = grid_range(spec.level_grid);
  const Granularity granularity = granularity_named(spec.bit_granularity);
  if (spec.weight_bits == 32) return nullptr;
  return std::make_unique<HbnnWeights>(
      HbnnWeights::Options{.shares = operand_shares(spec, "weight-bits", spec.weight_bits),
                           .heuristic = heuristic,
                           .per_filter = spec.scope == Scope::filter,
                           .mask_refresh = spec.mask_refresh,
                           .window = window,
                           .grid = grid,
                           .granularity = granularity});
}

std::unique_ptr<Quantizer> make_activations(const Spec& spec) {
  const Heuristic heuristic = heuristic_named(spec.bit_heuristic);
  const Window window = window_of(spec.ste_window);
  const int grid = grid_range(spec.level_grid);
  const MaskMode mode = mask_mode_named(spec.act_mask);
  if (spec.act_bits == 32) return nullptr;
  return std::make_unique<HbnnActivations>(operand_shares(spec, "act-bits", spec.act_bits),
                                           heuristic, window, grid, mode);
}

}  // namespace

namespace catalogue {

extern const Scheme hbnn;
constinit const Scheme hbnn = {
    .name = "hbnn",
    .summary = "1 to 3 bits per value, fractional on average",
    .paper = "Fromm et al. 2018, Heterogeneous Bitwidth Binarization, arXiv:1805.10368",
    .default_weight_bits = 1.4,
    .default_act_bits = 1.4,
    .default_level_grid = "int8",
    .weights = make_weights,
    .activations = make_activations,
    .order = BlockOrder::conv_pool_bn_act,
    .scale_after_last = true,
    .options =
        "bit-heuristic bit-shares scope mask-refresh ste-window level-grid "
        "bit-granularity act-mask",
};

}  // namespace catalogue
}  // namespace fracbit::quantize
