#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/hbnn.h"
#include "fracbit/quantize/level_grid.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {

HbnnActivations::HbnnActivations(const BitShares& shares, Heuristic heuristic, Window window,
                                 int grid, MaskMode mode)
    : shares_(shares),
      window_(window),
      grid_(grid),
      terms_(widest(shares)),
      mask_(terms_ == 1 ? nullptr : make_activation_mask(mode, shares, heuristic, terms_)),
      running_(Tensor::zeros({terms_})) {}

void HbnnActivations::prepare(const Shape& shape) {
  if (mask_) mask_->prepare(shape);
}

std::vector<Quantizer::State> HbnnActivations::state() {
  std::vector<State> result = {{"mu", &running_}};
  if (mask_) {
    const std::vector<State> own = mask_->state();
    result.insert(result.end(), own.begin(), own.end());
  }
  result.push_back({"batches", &batches_});
  return result;
}

void HbnnActivations::set_random(uint64_t seed, uint32_t stream, uint64_t) {
  if (mask_) mask_->set_random(seed, stream);
}

void HbnnActivations::set_epoch(int64_t epoch, int64_t epochs) {
  if (mask_) mask_->set_epoch(epoch, epochs);
}

std::unique_ptr<Widths> HbnnActivations::widths() const {
  if (!mask_) return std::make_unique<UniformWidths>(1);
  return mask_->widths();
}

void HbnnActivations::fit(const Tensor& x, Mode mode) {
  const bool first = batches_[0] == 0;
  if (mode == Mode::infer && !first) {
    mu_ = running_;
    if (mask_) mask_->recall(x, mu_[0]);
    return;
  }
  const Tensor mean = group_mean_abs(x, 1);
  if (mask_) mask_->fit(x, mean[0], first);
  mu_ = fit_scales(x, mean, terms_, *widths()).reshaped({terms_});
  if (mode == Mode::infer) return;
  move_running(mu_, first, running_);
  if (mask_) mask_->move(first);
  constexpr real kCountedExactly = 1 << 24;
  if (batches_[0] < kCountedExactly) batches_[0] += 1;
}

ScaledLevels HbnnActivations::simulate(const Tensor& x, Mode mode) {
  fit(x, mode);
  return residual_levels(x, mu_.reshaped({1, terms_}), *widths(), grid_);
}

ScaledBits HbnnActivations::encode(const Tensor& x, Mode mode) {
  fit(x, mode);
  return residual_bits(x, mu_.reshaped({1, terms_}), *widths(), grid_);
}

ScaledInts HbnnActivations::encode_ints(const Tensor& x, Mode mode) {
  if (grid() == 0) return Quantizer::encode_ints(x, mode);
  fit(x, mode);
  return residual_ints(x, mu_.reshaped({1, terms_}), *widths(), grid_);
}

deploy::StoredOutput HbnnActivations::stored_output() const {
  deploy::StoredOutput stored;
  stored.trained = batches_[0] > 0;
  deploy::Output& output = stored.output;
  output.bits = terms_;
  for (const real mu : running_.span()) output.scales.push_back(static_cast<float>(mu));
  if (terms_ == 1) {
    output.form = deploy::Form::signs;
    stored.scale = running_[0];
    return stored;
  }
  output.form = grid_ > 0 ? deploy::Form::grid : deploy::Form::residual;
  mask_->store(output);
  if (grid_ > 0) {
    const GridScales scales = grid_scales(running_.reshaped({1, terms_}), grid_);
    for (const real m : scales.m.span()) output.levels.push_back(static_cast<int16_t>(m));
    stored.scale = scales.step[0];
  }
  return stored;
}

std::optional<real> HbnnActivations::window() const {
  if (window_ == Window::bits && terms_ > 1) return {};  // by the element's width
  return limit_of(window_, 1);
}

Tensor HbnnActivations::backward(const Tensor& x, Tensor dy) const {
  require_same_shape("hbnn", x, dy);
  if (window_ == Window::none) return dy;
  if (const auto limit = window()) return pass_inside(x, std::move(dy), -*limit, *limit);
  return pass_inside_width(x, std::move(dy), *widths());
}

}  // namespace fracbit::quantize
