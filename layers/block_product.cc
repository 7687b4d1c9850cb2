#include "fracbit/layers/block_product.h"

#include <algorithm>
#include <utility>

#include "fracbit/framework/ops/depthwise_conv2d.h"
#include "fracbit/framework/ops/integer_gradient.h"
#include "fracbit/framework/ops/integer_levels.h"
#include "fracbit/framework/ops/integer_product.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/ops/moments.h"
#include "fracbit/framework/ops/quantized_product.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::layers {
namespace {

/// Codes and single signs have one integer per product; residual terms have one per pair.
bool one_term(const ScaledBits& x) {
  return x.bits.encoding() == Encoding::codes;
}

/// The operand if its products with gradient codes are sums of integers under one scale, else null.
const ScaledBits* integer_bits(const Value& operand) {
  const auto* bits = std::get_if<ScaledBits>(&operand);
  return bits && one_term(*bits) && bits->scales.size() == 1 ? bits : nullptr;
}

/// a = scale_x scale_w, [1] or per filter; x has one scale.
Tensor scales_of(const Tensor& x, const Tensor& w) {
  Tensor a = Tensor::uninitialized({w.size()});
  for (int64_t f = 0; f < a.size(); ++f) a[f] = x[0] * w[f];
  return a;
}

/// f(sample, number) for all numbers of a tensor [N, ...].
template <typename F>
void for_numbers(const Shape& shape, F f) {
  const int64_t each = shape.stride0();
  parallel_for(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t i = n * each; i < (n + 1) * each; ++i) f(n, i);
    }
  });
}

/// (scale_x scale_w) D; one scale_x, or one per sample, which no batch norm can take out.
Tensor scaled(const IntTensor& d, const Tensor& x, const Tensor& w) {
  Tensor y = Tensor::uninitialized(d.shape());
  const int64_t filters = d.shape().back();
  const int64_t x_step = x.size() > 1 ? 1 : 0, w_step = w.size() > 1 ? 1 : 0;
  d.visit([&](const auto* sums) {
    for_numbers(d.shape(), [&](int64_t n, int64_t i) {
      y[i] = (x[n * x_step] * w[i % filters * w_step]) * static_cast<real>(sums[i]);
    });
  });
  return y;
}

/// D *= scales, one or one per filter.
void scale_filters(const Tensor& scales, Tensor& d) {
  const int64_t filters = d.shape().back(), step = scales.size() > 1 ? 1 : 0;
  for_numbers(d.shape(), [&](int64_t, int64_t i) { d[i] *= scales[i % filters * step]; });
}

/// The reals of a value or a gradient, decoded only where it is quantized.
class Reals {
 public:
  explicit Reals(const Value& value) : reals_(std::get_if<Tensor>(&value)) {
    if (reals_ == nullptr) decoded_ = values(value);
  }
  explicit Reals(const BlockProduct::Gradient& gradient) : reals_(std::get_if<Tensor>(&gradient)) {
    if (reals_ == nullptr) decoded_ = values(std::get<GradientCodes>(gradient));
  }
  Reals(const Reals&) = delete;
  Reals& operator=(const Reals&) = delete;
  operator const Tensor&() const { return reals_ != nullptr ? *reals_ : decoded_; }

 private:
  const Tensor* reals_;
  Tensor decoded_;
};

}  // namespace

Tensor BlockProduct::float_forward(const Tensor& x, const Tensor& w, bool exact,
                                   ops::PixelPass* pass) const {
  ops::Conv2dOptions options = options_;
  options.exact = exact;
  switch (kind_) {
    case ProductKind::conv2d:
      return ops::conv2d_forward(x, w, nullptr, options, pass);
    case ProductKind::depthwise:
      return ops::depthwise_conv2d_forward(x, w, nullptr, options_, pass);
    case ProductKind::linear:
      break;
  }
  return ops::linear_forward(x, w, nullptr);
}

Tensor BlockProduct::forward(const Tensor& x, const Tensor& w, ops::PixelPass& pass) const {
  return float_forward(x, w, false, &pass);
}

ops::NormQuantizeInput BlockProduct::forward(const Value& x, const Value& w, bool moments) const {
  const bool linear = kind_ == ProductKind::linear;
  const auto* x_bits = std::get_if<ScaledBits>(&x);
  const auto* w_bits = std::get_if<ScaledBits>(&w);
  if (x_bits && w_bits) {
    if (one_term(*x_bits) && one_term(*w_bits) && x_bits->scales.size() == 1) {
      return {.d = linear ? ops::integer_linear(x_bits->bits, w_bits->bits)
                          : ops::integer_conv2d(x_bits->bits, w_bits->bits, options_),
              .scales = scales_of(x_bits->scales, w_bits->scales),
              .most = ops::largest_integer(x_bits->bits, w_bits->bits)};
    }
    return {.d = linear ? ops::quantized_linear(*x_bits, *w_bits)
                        : ops::quantized_conv2d(*x_bits, *w_bits, options_)};
  }
  const auto* x_ints = std::get_if<ScaledInts>(&x);
  const auto* w_ints = std::get_if<ScaledInts>(&w);
  if (x_ints && w_ints) {
    IntTensor d = linear ? ops::integer_linear(x_ints->ints, w_ints->ints)
                         : ops::integer_conv2d(x_ints->ints, w_ints->ints, options_);
    if (x_ints->scales.size() > 1) return {.d = scaled(d, x_ints->scales, w_ints->scales)};
    return {.d = std::move(d), .scales = scales_of(x_ints->scales, w_ints->scales)};
  }
  const auto* x_levels = std::get_if<ScaledLevels>(&x);
  const auto* w_levels = std::get_if<ScaledLevels>(&w);
  if (x_levels && w_levels) {
    if (x_levels->scales.size() == 1) {
      return {.d = float_forward(x_levels->levels, w_levels->levels, true),
              .scales = scales_of(x_levels->scales, w_levels->scales)};
    }
    return {.d = linear ? ops::quantized_linear(*x_levels, *w_levels)
                        : ops::quantized_conv2d(*x_levels, *w_levels, options_)};
  }
  ops::BlockMoments found;
  ops::NormQuantizeInput made{
      .d = float_forward(Reals(x), Reals(w), false, moments ? &found : nullptr)};
  if (found.started()) made.moments = found.merged();
  return made;
}

Tensor BlockProduct::reals(const Value& x, const Value& w) const {
  ops::NormQuantizeInput made = forward(x, w, false);
  const Tensor one = Tensor::full({1}, 1);
  if (const auto* d = std::get_if<IntTensor>(&made.d)) return scaled(*d, one, made.scales);
  Tensor& y = std::get<Tensor>(made.d);
  if (made.scales.size() > 1 || made.scales[0] != 1) scale_filters(made.scales, y);
  return std::move(y);
}

bool BlockProduct::makes_pixels(const Value& x, const Value& w) const {
  return kind_ == ProductKind::conv2d && !is_quantized(x) && !is_quantized(w) &&
         ops::conv2d_makes_pixels(shape_of(x), shape_of(w), options_);
}

ops::MakePixels BlockProduct::pixels(const Tensor& x, const Tensor& w) const {
  return ops::conv2d_pixels(x, w, options_);
}

Tensor BlockProduct::input_gradient(const Gradient& g, const Value& w, const Shape& x) const {
  const auto* codes = std::get_if<GradientCodes>(&g);
  const ScaledBits* bits = integer_bits(w);
  if (codes && bits) {
    return kind_ == ProductKind::linear ? ops::linear_input_gradient(*codes, *bits)
                                        : ops::conv2d_input_gradient(*codes, *bits, x, options_);
  }
  const auto* ints = std::get_if<ScaledInts>(&w);
  if (codes && ints) {
    return kind_ == ProductKind::linear ? ops::linear_input_gradient(*codes, *ints)
                                        : ops::conv2d_input_gradient(*codes, *ints, x, options_);
  }
  const Reals dy(g);
  switch (kind_) {
    case ProductKind::conv2d:
      return ops::conv2d_input_gradient(dy, Reals(w), x, options_);
    case ProductKind::depthwise:
      return ops::depthwise_conv2d_input_gradient(dy, Reals(w), x, options_);
    case ProductKind::linear:
      break;
  }
  return ops::linear_input_gradient(dy, Reals(w));
}

Tensor BlockProduct::weight_gradient(const Value& x, const Gradient& g, const Shape& w) const {
  const auto* codes = std::get_if<GradientCodes>(&g);
  const ScaledBits* bits = integer_bits(x);
  if (codes && bits) {
    return kind_ == ProductKind::linear ? ops::linear_weight_gradient(*bits, *codes)
                                        : ops::conv2d_weight_gradient(*bits, *codes, w, options_);
  }
  const auto* ints = std::get_if<ScaledInts>(&x);
  if (codes && ints) {
    return kind_ == ProductKind::linear ? ops::linear_weight_gradient(*ints, *codes)
                                        : ops::conv2d_weight_gradient(*ints, *codes, w, options_);
  }
  const Reals dy(g);
  switch (kind_) {
    case ProductKind::conv2d:
      return ops::conv2d_weight_gradient(Reals(x), dy, w, options_);
    case ProductKind::depthwise:
      return ops::depthwise_conv2d_weight_gradient(Reals(x), dy, w, options_);
    case ProductKind::linear:
      break;
  }
  return ops::linear_weight_gradient(Reals(x), dy);
}

bool BlockProduct::takes_rows(const Value& x, const Shape& w) const {
  return kind_ == ProductKind::conv2d && !is_quantized(x) &&
         ops::conv2d_takes_rows(shape_of(x), w, options_);
}

Tensor BlockProduct::weight_gradient(const Tensor& x, const ops::GradientRows& g,
                                     const Shape& w) const {
  return ops::conv2d_weight_gradient(x, g, w, options_);
}

std::string BlockProduct::name(const Value& x, const Value& w, int64_t taps,
                               int64_t group_filters) {
  const auto* x_bits = std::get_if<ScaledBits>(&x);
  const auto* w_bits = std::get_if<ScaledBits>(&w);
  const auto* x_ints = std::get_if<ScaledInts>(&x);
  const auto* w_ints = std::get_if<ScaledInts>(&w);
  if (x_ints && w_ints) {
    return ops::integer_product_name(std::max(x_ints->ints.width(), w_ints->ints.width()));
  }
  if (!x_bits || !w_bits) return "float on levels";
  if (one_term(*x_bits) && one_term(*w_bits)) {
    return ops::integer_product_name(x_bits->bits, w_bits->bits, taps, group_filters);
  }
  return ops::quantized_product_name(x_bits->bits, w_bits->bits);
}

std::string BlockProduct::input_gradient_name(const Value& w, int gradient_bits) const {
  if (const ScaledBits* bits = integer_bits(w)) {
    return ops::input_gradient_name(bits->bits, gradient_bits, options_.groups);
  }
  const auto* ints = std::get_if<ScaledInts>(&w);
  return ints && ints->scales.size() == 1 ? ops::integer_product_name(ints->ints.width()) : "float";
}

std::string BlockProduct::weight_gradient_name(const Value& x, int gradient_bits) const {
  const ScaledBits* bits = integer_bits(x);
  const auto* ints = std::get_if<ScaledInts>(&x);
  if (!bits && !ints) return "float";
  if (kind_ == ProductKind::linear) return ops::linear_weight_gradient_name();
  return bits ? ops::weight_gradient_name(bits->bits, gradient_bits, options_.groups)
              : ops::integer_product_name(ints->ints.width());
}

}  // namespace fracbit::layers
