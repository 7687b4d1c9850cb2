#include "fracbit/quantize/bwn.h"

#include <algorithm>
#include <cmath>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/residual_code.h"

namespace fracbit::quantize {
namespace {

int64_t filters_of(const Tensor& w) {
  return w.shape().rank() == 0 ? 1 : w.shape()[0];
}

}  // namespace

ScaledLevels BwnWeights::simulate(const Tensor& w, Mode) {
  scales_ = group_mean_abs(w, filters_of(w));
  return residual_levels(w, scales_.reshaped({scales_.size(), 1}), UniformWidths(1));
}

ScaledBits BwnWeights::encode(const Tensor& w, Mode) {
  scales_ = group_mean_abs(w, filters_of(w));
  return residual_bits(w, scales_.reshaped({scales_.size(), 1}), UniformWidths(1));
}

Tensor BwnWeights::backward(const Tensor& w, Tensor dy) const {
  require_same_shape("bwn", w, dy);
  if (gradient_ == Gradient::identity || w.empty()) return dy;
  const int64_t filters = filters_of(w);
  const int64_t each = w.size() / filters;
  const Tensor alpha = scales_.size() == filters ? scales_ : group_mean_abs(w, filters);
  const real outside = 1 / static_cast<real>(each);
  parallel_for(filters, std::max<int64_t>(1, kGrain / each), [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) {
      const real inside = outside + alpha[f];
      for (int64_t i = f * each; i < (f + 1) * each; ++i) {
        dy[i] *= std::abs(w[i]) <= 1 ? inside : outside;
      }
    }
  });
  return dy;
}

namespace {

std::unique_ptr<Quantizer> make_weights(const Spec& spec) {
  const bool paper = one_of("bwn-gradient", spec.bwn_gradient, {"paper", "identity"}) == "paper";
  if (whole_bits("weight-bits", spec.scheme, spec.weight_bits, 1) == 32) return nullptr;
  return std::make_unique<BwnWeights>(paper ? BwnWeights::Gradient::paper
                                            : BwnWeights::Gradient::identity);
}

}  // namespace

namespace catalogue {

extern const Scheme bwn;
constinit const Scheme bwn = {
    .name = "bwn",
    .summary = "1-bit weights with a scale per filter, float activations",
    .paper = "Rastegari et al. 2016, XNOR-Net, arXiv:1603.05279",
    .default_weight_bits = 1,
    .default_act_bits = 32,
    .weights = make_weights,
    .activations = float_activations,
    .order = BlockOrder::conv_bn_pool_act,
    .options = "bwn-gradient",
};

}  // namespace catalogue
}  // namespace fracbit::quantize
