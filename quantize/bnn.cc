#include "fracbit/quantize/bnn.h"

#include <utility>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {
namespace {

/// A residual code of one term with the scale 1.
Tensor one() {
  return Tensor::full({1, 1}, 1);
}

}  // namespace

ScaledLevels BnnWeights::simulate(const Tensor& w, Mode) {
  return residual_levels(w, one(), UniformWidths(1));
}

ScaledBits BnnWeights::encode(const Tensor& w, Mode) {
  return residual_bits(w, one(), UniformWidths(1));
}

Tensor BnnWeights::backward(const Tensor& w, Tensor dy) const {
  require_same_shape("bnn", w, dy);
  return dy;
}

void BnnWeights::after_update(Tensor& latent) const {
  parallel_for(latent.size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const real w = latent[i];
      latent[i] = w < -1 ? -1 : (w > 1 ? 1 : w);
    }
  });
}

ScaledLevels BnnActivations::simulate(const Tensor& x, Mode) {
  return residual_levels(x, one(), UniformWidths(1));
}

ScaledBits BnnActivations::encode(const Tensor& x, Mode) {
  return residual_bits(x, one(), UniformWidths(1));
}

std::optional<Quantizer::Step> BnnActivations::step() const {
  if (window_ == Window::none) return {};
  return Step{ops::BlockActivation::sign, 1};
}

deploy::StoredOutput BnnActivations::stored_output() const {
  deploy::StoredOutput stored;
  stored.output.form = deploy::Form::signs;
  stored.output.bits = 1;
  return stored;
}

Tensor BnnActivations::backward(const Tensor& x, Tensor dy) const {
  require_same_shape("bnn", x, dy);
  if (window_ == Window::none) return dy;
  return pass_inside(x, std::move(dy), -1, 1);
}

namespace {

std::unique_ptr<Quantizer> make_weights(const Spec& spec) {
  if (whole_bits("weight-bits", spec.scheme, spec.weight_bits, 1) == 32) return nullptr;
  return std::make_unique<BnnWeights>();
}

std::unique_ptr<Quantizer> make_activations(const Spec& spec) {
  const Window window = window_of(spec.ste_window);
  if (whole_bits("act-bits", spec.scheme, spec.act_bits, 1) == 32) return nullptr;
  return std::make_unique<BnnActivations>(window);
}

}  // namespace

namespace catalogue {

extern const Scheme bnn;
constinit const Scheme bnn = {
    .name = "bnn",
    .summary = "weights and activations of -1 and +1",
    .paper = "Hubara et al. 2016, Binarized Neural Networks, arXiv:1602.02830",
    .default_weight_bits = 1,
    .default_act_bits = 1,
    .weights = make_weights,
    .activations = make_activations,
    .order = BlockOrder::conv_pool_bn_act,
    .scale_after_last = true,
    .options = "ste-window",
};

}  // namespace catalogue
}  // namespace fracbit::quantize
