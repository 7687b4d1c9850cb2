#include "fracbit/quantize/dorefa.h"

#include <cmath>
#include <utility>
#include <vector>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/option.h"
#include "fracbit/quantize/pack_words.h"
#include "fracbit/quantize/quantize.h"
#include "fracbit/quantize/reduce.h"
#include "fracbit/quantize/residual_code.h"
#include "fracbit/quantize/round.h"
#include "fracbit/quantize/squash.h"
#include "fracbit/quantize/surrogate.h"

namespace fracbit::quantize {
namespace {

constexpr int kMostBits = 8;

Tensor scalar(double value) {
  return Tensor::full({1}, static_cast<real>(value));
}

/// Code of t = tanh(w) where m is the largest |t|.
int32_t weight_code(real t, real m, real top) {
  const real half = static_cast<real>(0.5);
  return round_to_code(top * (t / (2 * m) + half), top);
}

/// tanh of every element.
Tensor squashed(const Tensor& w) {
  Tensor t = Tensor::uninitialized(w.shape());
  parallel_for(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    const real* from = w.data();
    real* to = t.data();
    for (int64_t i = begin; i < end; ++i) to[i] = squash(from[i]);
  });
  return t;
}

}  // namespace

Tensor DorefaWeights::fit(const Tensor& w) {
  Tensor t = squashed(w);
  max_ = max_abs(t.data(), t.size());
  return t;
}

real DorefaWeights::divisor() const {
  return max_ > 0 ? max_ : 1;
}

ScaledLevels DorefaWeights::simulate(const Tensor& w, Mode) {
  if (bits_ == 1) {
    return residual_levels(w, group_mean_abs(w, 1).reshaped({1, 1}), UniformWidths(1));
  }
  Tensor levels = fit(w);
  const int32_t top = top_code(bits_);
  parallel_for(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    real* level = levels.data();
    const auto n = static_cast<real>(top);
    const real m = divisor();
    for (int64_t i = begin; i < end; ++i) {
      level[i] = static_cast<real>(2 * weight_code(level[i], m, n) - top);
    }
  });
  return {std::move(levels), scalar(1.0 / top)};
}

ScaledBits DorefaWeights::encode(const Tensor& w, Mode) {
  if (bits_ == 1) {
    return residual_bits(w, group_mean_abs(w, 1).reshaped({1, 1}), UniformWidths(1));
  }
  const int32_t top = top_code(bits_);
  BitTensor bits(w.shape(), Encoding::codes, bits_, {2, -top});
  const Tensor t = fit(w);
  pack_each(bits, [from = t.data(), m = divisor(), n = static_cast<real>(top)](int64_t i) {
    return weight_code(from[i], m, n);
  });
  return {std::move(bits), scalar(1.0 / top)};
}

Tensor DorefaWeights::backward(const Tensor& w, Tensor dy) const {
  require_same_shape("dorefa", w, dy);
  if (bits_ == 1) return dy;
  if (!(max_ > 0)) return Tensor::zeros(w.shape());
  const Tensor t = squashed(w);
  Tensor dw = Tensor::uninitialized(w.shape());
  parallel_for(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    const real* slope = t.data();
    const real* from = dy.data();
    real* to = dw.data();
    const real m = max_;
    for (int64_t i = begin; i < end; ++i) to[i] = from[i] / m * (1 - slope[i] * slope[i]);
  });
  if (max_gradient_ == MaxGradient::detached) return dw;
  const double along = parallel_sum(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    return lane_sum(begin, end, [&](int64_t i) {
      return static_cast<double>(dy[i]) * static_cast<double>(t[i]);
    });
  });
  const double extremes = parallel_sum(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    return lane_sum(begin, end, [&](int64_t i) { return std::abs(t[i]) == max_ ? 1 : 0; });
  });
  const double m = static_cast<double>(max_);
  const auto share = static_cast<real>(-along / (m * m) / extremes);
  parallel_for(w.size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (std::abs(t[i]) == max_) dw[i] += sign(t[i]) * share * (1 - t[i] * t[i]);
    }
  });
  return dw;
}

namespace {

/// Code of h(x) in one clamp: n min(1, max(0, x)) = min(n, max(0, n x)).
struct Clip01 {
  int32_t operator()(real x, real top) const { return round_to_code(top * x, top); }
};
struct AbsClip {
  int32_t operator()(real x, real top) const { return round_to_code(top * std::abs(x), top); }
};

template <typename Clip>
Tensor activation_levels(const Tensor& x, int32_t top, Clip clip) {
  Tensor levels = Tensor::uninitialized(x.shape());
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    const real* from = x.data();
    real* to = levels.data();
    const auto n = static_cast<real>(top);
    for (int64_t i = begin; i < end; ++i) {
      to[i] = static_cast<real>(clip(from[i], n));
    }
  });
  return levels;
}

template <typename Clip>
void pack_activations(const Tensor& x, BitTensor& bits, Clip clip) {
  const real* from = x.data();
  const auto n = static_cast<real>(top_code(bits.bits()));
  pack_each(bits, [=](int64_t i) { return clip(from[i], n); });
}

/// Smallest input of each code 1 .. top of clip01, by bisection of the very function that
/// simulate() applies.
std::vector<real> code_thresholds(int32_t top) {
  std::vector<real> thresholds;
  for (int32_t code = 1; code <= top; ++code) {
    real below = 0;
    real at = 1;
    for (;;) {
      const real middle = below + (at - below) / 2;
      if (middle <= below || middle >= at) break;
      (quantize_k(middle, static_cast<real>(top)) < code ? below : at) = middle;
    }
    thresholds.push_back(at);
  }
  return thresholds;
}

}  // namespace

ScaledLevels DorefaActivations::simulate(const Tensor& x, Mode) {
  const int32_t top = top_code(bits_);
  return {clip_ == Clip::clip01 ? activation_levels(x, top, Clip01{})
                                : activation_levels(x, top, AbsClip{}),
          scalar(1.0 / top)};
}

ScaledBits DorefaActivations::encode(const Tensor& x, Mode) {
  constexpr int kThresholdBits = 4;  // a compare per code costs less than rounding up to here
  BitTensor bits(x.shape(), Encoding::codes, bits_);
  if (clip_ == Clip::cabs) {
    pack_activations(x, bits, AbsClip{});
  } else if (bits_ <= kThresholdBits) {
    pack_thresholds(x.span(), code_thresholds(top_code(bits_)), bits);
  } else {
    pack_activations(x, bits, Clip01{});
  }
  return {std::move(bits), scalar(1.0 / top_code(bits_))};
}

std::optional<Quantizer::Step> DorefaActivations::step() const {
  using ops::BlockActivation;
  return Step{clip_ == Clip::clip01 ? BlockActivation::clip01 : BlockActivation::cabs, bits_};
}

deploy::StoredOutput DorefaActivations::stored_output() const {
  deploy::StoredOutput stored;
  stored.output.form = deploy::Form::codes;
  stored.output.activation =
      clip_ == Clip::clip01 ? deploy::Activation::clip01 : deploy::Activation::cabs;
  stored.output.bits = bits_;
  stored.scale = static_cast<real>(1.0 / top_code(bits_));
  return stored;
}

Tensor DorefaActivations::backward(const Tensor& x, Tensor dy) const {
  return clip_ == Clip::clip01 ? pass_inside(x, std::move(dy), 0, 1)
                               : pass_abs_clip(x, std::move(dy));
}

namespace {

std::unique_ptr<Quantizer> make_weights(const Spec& spec) {
  const int bits = whole_bits("weight-bits", spec.scheme, spec.weight_bits, kMostBits);
  const bool through =
      one_of("max-gradient", spec.max_gradient, {"through", "detached"}) == "through";
  if (bits == 32) return nullptr;
  return std::make_unique<DorefaWeights>(
      bits, through ? DorefaWeights::MaxGradient::through : DorefaWeights::MaxGradient::detached);
}

std::unique_ptr<Quantizer> make_activations(const Spec& spec) {
  const int bits = whole_bits("act-bits", spec.scheme, spec.act_bits, kMostBits);
  const bool clip01 = one_of("activation", spec.activation, {"clip01", "cabs"}) == "clip01";
  if (bits == 32) return nullptr;
  return std::make_unique<DorefaActivations>(
      bits, clip01 ? DorefaActivations::Clip::clip01 : DorefaActivations::Clip::cabs);
}

std::string_view float_activation(const Spec& spec) {
  return spec.act_bits == 32 ? "relu" : spec.activation == "cabs" ? "cabs" : "clip01";
}

}  // namespace

namespace catalogue {

extern const Scheme dorefa;
constinit const Scheme dorefa = {
    .name = "dorefa",
    .summary = "k-bit weights, activations and gradients from one linear quantizer",
    .paper = "Zhou et al. 2016, DoReFa-Net, arXiv:1606.06160",
    .default_weight_bits = 1,
    .default_act_bits = 2,
    .weights = make_weights,
    .activations = make_activations,
    .order = BlockOrder::conv_bn_pool_act,
    .float_activation = float_activation,
    .options = "activation max-gradient",
};

}  // namespace catalogue
}  // namespace fracbit::quantize
