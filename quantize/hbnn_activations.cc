#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/hbnn.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/selection.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();

/// M_j = 1 + number of cut points below the key of x_j.
class CutWidths : public Widths {
 public:
  CutWidths(const ValueKey& key, std::span<const real> tau) : key_(key), tau_(tau) {}
  int64_t describe(int64_t, int64_t count, SignTerms& code) const override {
    code.widths = SignTerms::Widths::cuts;
    code.centre = key_.centre();
    code.negative = key_.negative();
    code.cut.fill(kInfinity);
    std::copy(tau_.begin(), tau_.end(), code.cut.begin());
    return count;
  }

 private:
  ValueKey key_;
  std::span<const real> tau_;
};

/// A number between two neighbours in sorted order: >= low, and < high unless they are equal.
real halfway(real low, real high) {
  const auto middle = static_cast<real>((static_cast<double>(low) + static_cast<double>(high)) / 2);
  return middle < high ? middle : low;
}

/// Cut points after the first counts[k] of n sorted keys.
Tensor cut_points(const Tensor& x, const ValueKey& key, const BitShares& shares, int terms) {
  const int64_t n = x.size();
  const auto counts = cumulative_counts(shares, n);
  Tensor tau = Tensor::zeros({terms - 1});
  std::vector<int64_t> positions;
  for (int64_t k = 0; k < tau.size(); ++k) {
    const int64_t count = counts[static_cast<size_t>(k)];
    tau[k] = count == 0 ? -kInfinity : kInfinity;
    if (count == 0 || count == n) continue;
    positions.insert(positions.end(), {count - 1, count});
  }
  const auto at = value_ranks(x.span(), key, positions);
  size_t next = 0;
  for (int64_t k = 0; k < tau.size(); ++k) {
    const int64_t count = counts[static_cast<size_t>(k)];
    if (count == 0 || count == n) continue;
    tau[k] = halfway(at[next].key, at[next + 1].key);
    next += 2;
  }
  return tau;
}

}  // namespace

HbnnActivations::HbnnActivations(const BitShares& shares, Heuristic heuristic, Window window,
                                 int grid)
    : shares_(shares),
      heuristic_(heuristic),
      window_(window),
      grid_(grid),
      terms_(widest(shares)),
      running_{Tensor::zeros({terms_}), Tensor::zeros({terms_ - 1})} {}

std::vector<Quantizer::State> HbnnActivations::state() {
  std::vector<State> result = {{"mu", &running_.mu}};
  if (terms_ > 1 && heuristic_ == Heuristic::random) {
    result.push_back({"permutation", &permutation_.key()});
  } else if (terms_ > 1) {
    result.push_back({"tau", &running_.tau});
  }
  result.push_back({"batches", &batches_});
  return result;
}

void HbnnActivations::set_random(uint64_t seed, uint32_t stream, uint64_t) {
  permutation_.set(seed, stream);
}

std::unique_ptr<Widths> HbnnActivations::widths(const Fit& fit) const {
  if (terms_ == 1) return std::make_unique<UniformWidths>(1);
  if (heuristic_ == Heuristic::random) return std::make_unique<SampleWidths>(positions_);
  return std::make_unique<CutWidths>(ValueKey{heuristic_, fit.mu[0]}, fit.tau.span());
}

void HbnnActivations::draw_positions(const Tensor& x) {
  const auto each = static_cast<size_t>(x.shape().stride0());
  const Tensor& key = permutation_.key();
  const bool kept =
      positions_.size() == each && std::equal(key.span().begin(), key.span().end(),
                                              drawn_from_.span().begin(), drawn_from_.span().end());
  if (kept) return;
  positions_.resize(each);
  assign_widths(permutation_.keys(), 0, cumulative_counts(shares_, x.shape().stride0()),
                positions_);
  drawn_from_ = key;
}

HbnnActivations::Fit HbnnActivations::fit_batch(const Tensor& x) const {
  const Tensor mean = group_mean_abs(x, 1);
  Fit batch{mean, Tensor::zeros({terms_ - 1})};
  if (terms_ > 1 && heuristic_ != Heuristic::random) {
    batch.tau = cut_points(x, {heuristic_, mean[0]}, shares_, terms_);
  }
  const std::unique_ptr<Widths> mask = widths(batch);
  batch.mu = fit_scales(x, mean, terms_, *mask).reshaped({terms_});
  return batch;
}

void HbnnActivations::move_running(const Fit& batch) {
  const bool first = batches_[0] == 0;
  const auto move = [first](Tensor& running, const Tensor& from) {
    for (int64_t i = 0; i < running.size(); ++i) {
      // An empty width has no cut point to average.
      const bool both = std::isfinite(running[i]) && std::isfinite(from[i]);
      if (first || (!both && std::isfinite(from[i]))) {
        running[i] = from[i];
      } else if (both) {
        running[i] = static_cast<real>(0.9 * static_cast<double>(running[i]) +
                                       0.1 * static_cast<double>(from[i]));
      }
    }
  };
  move(running_.mu, batch.mu);
  move(running_.tau, batch.tau);
  constexpr real kCountedExactly = 1 << 24;
  if (batches_[0] < kCountedExactly) batches_[0] += 1;
}

HbnnActivations::Fit HbnnActivations::fit(const Tensor& x, Mode mode) {
  if (terms_ > 1 && heuristic_ == Heuristic::random) draw_positions(x);
  if (mode == Mode::infer && batches_[0] > 0) return running_;
  Fit batch = fit_batch(x);
  if (mode == Mode::train) move_running(batch);
  return batch;
}

ScaledLevels HbnnActivations::simulate(const Tensor& x, Mode mode) {
  last_ = fit(x, mode);
  return residual_levels(x, last_.mu.reshaped({1, terms_}), *widths(last_), grid_);
}

ScaledBits HbnnActivations::encode(const Tensor& x, Mode mode) {
  last_ = fit(x, mode);
  return residual_bits(x, last_.mu.reshaped({1, terms_}), *widths(last_), grid_);
}

ScaledInts HbnnActivations::encode_ints(const Tensor& x, Mode mode) {
  if (grid() == 0) return Quantizer::encode_ints(x, mode);
  last_ = fit(x, mode);
  return residual_ints(x, last_.mu.reshaped({1, terms_}), *widths(last_), grid_);
}

deploy::StoredOutput HbnnActivations::stored_output() const {
  if (terms_ > 1 && heuristic_ == Heuristic::random) {
    throw ConfigError("[deploy] random widths of positions have no deployed form");
  }
  deploy::StoredOutput stored;
  stored.trained = batches_[0] > 0;
  deploy::Output& output = stored.output;
  output.bits = terms_;
  for (const real mu : running_.mu.span()) output.scales.push_back(static_cast<float>(mu));
  if (terms_ == 1) {
    output.form = deploy::Form::signs;
    stored.scale = running_.mu[0];
    return stored;
  }
  output.form = grid_ > 0 ? deploy::Form::grid : deploy::Form::residual;
  output.key = heuristic_ == Heuristic::middle_out ? deploy::Key::middle_out
               : heuristic_ == Heuristic::top_down ? deploy::Key::top_down
                                                   : deploy::Key::bottom_up;
  for (const real tau : running_.tau.span()) output.cuts.push_back(static_cast<float>(tau));
  if (grid_ > 0) {
    const GridScales scales = grid_scales(running_.mu.reshaped({1, terms_}), grid_);
    for (const real m : scales.m.span()) output.levels.push_back(static_cast<int16_t>(m));
    stored.scale = scales.step[0];
  }
  return stored;
}

Tensor HbnnActivations::backward(const Tensor& x, const Tensor& dy) const {
  require_same_shape("hbnn", x, dy);
  if (window_ == Window::none) return dy;
  if (window_ == Window::unit || terms_ == 1) return pass_inside(x, dy, -1, 1);
  return pass_inside_width(x, dy, *widths(last_));
}

}  // namespace fracbit::quantize
