#include "fracbit/framework/ops/norm_quantize.h"

#include <cmath>
#include <utility>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/bitpack/bitpack.h"
#include "fracbit/framework/kernels/norm/norm.h"
#include "fracbit/framework/ops/norm_quantize/activation.h"
#include "fracbit/framework/ops/norm_quantize/check.h"
#include "fracbit/framework/ops/norm_quantize/lines.h"
#include "fracbit/framework/ops/norm_quantize/numbers.h"
#include "fracbit/framework/ops/norm_quantize/statistics.h"
#include "fracbit/framework/ops/norm_quantize/thresholds.h"
#include "fracbit/framework/ops/norm_quantize/window_pool.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/round.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm;
using Data = std::variant<Tensor, IntTensor>;

constexpr int64_t kTaskNumbers = 1 << 14;
/// A compare per code costs less than rounding up to here.
constexpr int kThresholdBits = 4;

const norm::Kernels& active_kernels() {
  return norm::find(isa_name(active_isa()).data());
}

IntTensor widened(const IntTensor& d) {
  IntTensor wide(d.shape(), IntWidth::int16);
  const int8_t* from = d.data<int8_t>();
  std::copy_n(from, d.size(), wide.data<int16_t>());
  return wide;
}

/// The pool as a pass of its own: in the order of D, or of D' if there is a scale.
template <typename T>
void pool_into(const T* d, const Shape& shape, const Shape& pooled, const PoolOptions& options,
               const real* scale, T* out) {
  if (is_plain(options) && scale == nullptr) {
    const Lines lines(shape, true);
    const norm::Passes<T>& passes = norm::passes<T>(active_kernels());
    parallel_for(lines.count(), lines.grain(kTaskNumbers), [&](int64_t begin, int64_t end) {
      lines.for_stretches(begin, end, [&](const Stretch& s) {
        passes.pool(run_of(d, 0, lines, s), out + s.output);
      });
    });
    return;
  }
  const WindowPool pool(shape, pooled, options, scale);
  parallel_for(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      pool.forward(d + n * shape.stride0(), out + n * pooled.stride0());
    }
  });
}

Data pooled(const Data& d, const PoolOptions& options, const real* scale) {
  return visit_numbers(d, [&](const auto* from, const Shape& shape) -> Data {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(from)>>;
    const Shape to = pool_shape("norm_quantize", shape, options);
    if constexpr (std::is_same_v<T, real>) {
      Tensor out = Tensor::uninitialized(to);
      pool_into(from, shape, to, options, scale, out.data());
      return out;
    } else {
      IntTensor out(to, static_cast<IntWidth>(sizeof(T)));
      pool_into(from, shape, to, options, scale, out.data<T>());
      return out;
    }
  });
}

ChannelMoments moments_of(const Data& d, bool whole, int64_t most) {
  if (const auto* ints = std::get_if<IntTensor>(&d)) return whole_moments(*ints, most);
  const Tensor& reals = std::get<Tensor>(d);
  return whole ? whole_moments(reals) : real_moments(reals);
}

/// What outputs are made of: D, and the expression over it.
template <typename T>
struct Source {
  Numbers<T> d;
  Lines lines;
  norm::Affine affine;
  BlockActivation activation;
};

/// f(run, stretch) for all outputs.
template <typename T, typename F>
void for_outputs(const Source<T>& from, F f) {
  const Lines& lines = from.lines;
  parallel_for(lines.count(), lines.grain(kTaskNumbers),
               [&](int64_t begin, int64_t end) { for_runs(from.d, lines, begin, end, f); });
}

template <typename T>
Tensor float_output(const Source<T>& from, const Shape& shape) {
  Tensor out = Tensor::uninitialized(shape);
  const norm::Passes<T>& passes = norm::passes<T>(active_kernels());
  const norm::Activation h = activation_of(from.activation);
  for_outputs(from, [&](const norm::Run<T>& run, const Stretch& s) {
    passes.values(run, from.affine, h, out.data() + s.output);
  });
  return out;
}

template <typename T>
void threshold_bits(const Source<T>& from, BitTensor& bits) {
  const auto channels = static_cast<size_t>(from.lines.channels());
  const CodeThresholds<T> found = find_thresholds<T>(
      {from.affine.scale, channels}, {from.affine.shift, channels}, from.activation, bits.bits());
  const norm::Steps<T> steps{found.above.data(), found.below.empty() ? nullptr : found.below.data(),
                             found.scale.data(), found.stride,
                             found.top,          bits.planes()};
  const norm::Passes<T>& passes = norm::passes<T>(active_kernels());
  for_outputs(from, [&](const norm::Run<T>& run, const Stretch& s) {
    passes.bits(run, steps, bits.row(s.output / run.channels));
  });
}

template <typename T>
void rounded_bits(const Source<T>& from, BitTensor& bits) {
  const norm::Kernels& kernels = active_kernels();
  const norm::Activation h = activation_of(from.activation);
  const auto& packing = kernels::bitpack::find(isa_name(active_isa()).data());
  const int64_t channels = from.lines.channels();
  for_outputs(from, [&](const norm::Run<T>& run, const Stretch& s) {
    Buffer<real> values(s.pixels * channels);
    Buffer<uint16_t> codes(s.pixels * channels);
    norm::passes<T>(kernels).values(run, from.affine, h, values.data());
    kernels.codes(values.data(), s.pixels * channels, top_code(bits.bits()), codes.data());
    for (int64_t p = 0; p < s.pixels; ++p) {
      packing.codes(codes.data() + p * channels, channels, bits.planes(),
                    bits.row(s.output / channels + p));
    }
  });
}

template <typename T>
ScaledBits code_output(const Source<T>& from, const Shape& shape, int code_bits) {
  const bool sign = from.activation == BlockActivation::sign;
  ScaledBits out{sign ? BitTensor::bipolar(shape) : BitTensor(shape, Encoding::codes, code_bits),
                 Tensor::full({1}, static_cast<real>(1.0 / top_code(code_bits)))};
  if (shape.size() == 0) return out;
  if (code_bits <= kThresholdBits) {
    threshold_bits(from, out.bits);
  } else {
    rounded_bits(from, out.bits);
  }
  return out;
}

/// a, one per channel.
Tensor per_channel(const Tensor& scales, int64_t channels) {
  return scales.size() == 1 ? Tensor::full({channels}, scales[0]) : scales;
}

}  // namespace

void NormQuantize::find_statistics(const NormQuantizeInput& input, Tensor& running_mean,
                                   Tensor& running_var) {
  const double keep = options_.norm.momentum, eps = options_.norm.eps;
  if (!training_) {
    for (int64_t c = 0; c < a_.size(); ++c) {
      mean_.push_back(running_mean[c]);
      inverse_deviation_.push_back(1 / std::sqrt(static_cast<double>(running_var[c]) + eps));
    }
    return;
  }
  const Data& d = has_pooled_ && options_.pool_first ? pooled_ : d_;
  const Shape& shape = shape_of(d);
  const auto n = static_cast<double>(shape.size() / shape.back());
  const bool known = input.moments && !options_.pool_first && !input.whole;
  const ChannelMoments moments = known ? *input.moments : moments_of(d, input.whole, input.most);
  for (int64_t c = 0; c < a_.size(); ++c) {
    const auto i = static_cast<size_t>(c);
    const auto a = static_cast<double>(a_[c]);
    const double mean = a * moments.mean[i];
    const double squares = a * a * moments.squares[i];
    mean_.push_back(mean);
    inverse_deviation_.push_back(1 / std::sqrt(squares / n + eps));
    running_mean[c] = static_cast<real>(keep * running_mean[c] + (1 - keep) * mean);
    running_var[c] = static_cast<real>(keep * running_var[c] + (1 - keep) * squares / (n - 1));
  }
}

void NormQuantize::find_expression(const Tensor& beta) {
  scale_ = Tensor::uninitialized(gamma_.shape());
  shift_ = Tensor::uninitialized(gamma_.shape());
  for (int64_t c = 0; c < gamma_.size(); ++c) {
    const auto i = static_cast<size_t>(c);
    const double slope = gamma_[c] * inverse_deviation_[i];
    scale_[c] = static_cast<real>(slope * a_[c]);
    shift_[c] = static_cast<real>(beta[c] - mean_[i] * slope);
  }
}

NormQuantize::Output NormQuantize::output(const MakePixels& again) const {
  const Data& d = has_pooled_ ? pooled_ : d_;
  const bool windows = options_.pool && !has_pooled_;
  return visit_numbers(d, [&]<typename T>(const T* from, const Shape&) -> Output {
    const Source<T> source{{from, again ? &again : nullptr, gamma_.size()},
                           Lines(has_pooled_ ? output_ : shape_, windows),
                           {scale_.data(), shift_.data()},
                           options_.activation};
    if (options_.bits == 32) return float_output(source, output_);
    return code_output(source, output_, options_.bits);
  });
}

bool NormQuantize::can_forget() const {
  return std::holds_alternative<Tensor>(d_) && !has_pooled_;
}

void NormQuantize::forget() {
  d_ = Tensor();
}

NormQuantizeResult NormQuantize::forward(NormQuantizeInput input, const Tensor& gamma,
                                         const Tensor& beta, Tensor& running_mean,
                                         Tensor& running_var, const NormQuantizeOptions& options,
                                         bool training) {
  NormQuantize state;
  state.output_ =
      check_norm_quantize(input, gamma, beta, running_mean, running_var, options, training);
  state.options_ = options;
  state.training_ = training;
  const auto* ints = std::get_if<IntTensor>(&input.d);
  const bool narrow = ints != nullptr && ints->width() == IntWidth::int8;
  state.d_ = narrow ? Data(widened(*ints)) : std::move(input.d);
  state.shape_ = shape_of(state.d_);
  state.a_ = per_channel(input.scales, gamma.size());
  state.gamma_ = gamma;
  const bool plain = options.pool && is_plain(*options.pool);
  state.has_pooled_ = options.pool && (options.pool_first || !plain);
  if (options.pool && options.pool_first) {
    state.pooled_ = pooled(state.d_, *options.pool, nullptr);
  }
  state.find_statistics(input, running_mean, running_var);
  state.find_expression(beta);
  if (state.has_pooled_ && !options.pool_first) {
    state.pooled_ = pooled(state.d_, *options.pool, state.scale_.data());
  }
  Output output = state.output();
  return {std::move(output), std::move(state)};
}

}  // namespace fracbit::ops
