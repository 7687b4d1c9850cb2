// Products of integer levels and their gradients against loops over single products, to the bit.

#include "fracbit/framework/ops/integer_levels.h"

#include <cmath>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/parallel.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using fracbit::ops::Conv2dOptions;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

/// Levels of magnitude at most `most`; sometimes the largest alone.
ScaledInts draw_levels(BitDraw& draw, const Shape& shape, int most, int64_t groups) {
  ScaledInts result{IntTensor(shape, width_for(most)), draw.scales({groups})};
  const bool all = draw.below(16) == 0;
  for (int64_t i = 0; i < shape.size(); ++i) {
    const int64_t level = all ? -most : draw.between(-most, most);
    if (result.ints.width() == IntWidth::int8) {
      result.ints.data<int8_t>()[i] = static_cast<int8_t>(level);
    } else {
      result.ints.data<int16_t>()[i] = static_cast<int16_t>(level);
    }
  }
  return result;
}

GradientCodes draw_gradient(BitDraw& draw, const Shape& shape, int bits) {
  GradientCodes g{shape, bits, Buffer<uint8_t>(shape.size()), draw.scales({shape[0]})};
  const bool all_top = draw.below(16) == 0;
  for (uint8_t& q : g.codes) {
    q = static_cast<uint8_t>(all_top ? g.top() : draw.below(g.top() + 1));
  }
  for (real& scale : g.scales.span()) {
    if (draw.below(5) == 0) scale = 0;
  }
  return g;
}

/// One draw of operands and geometry.
struct Case {
  Shape x, weight;
  Conv2dOptions options;
  ScaledInts inputs, weights;
  GradientCodes g;
};

void draw_operands(BitDraw& draw, const Shape& y, Case& c) {
  const int most = draw.of<int>({1, 127, 127, 511});
  c.inputs = draw_levels(draw, c.x, most, draw.below(3) == 0 ? c.x[0] : 1);
  c.weights = draw_levels(draw, c.weight, draw.below(4) == 0 ? 1 : most, 1);
  c.g = draw_gradient(draw, y, static_cast<int>(draw.between(1, 8)));
}

Case draw_conv2d(BitDraw& draw, int64_t most_work) {
  for (;;) {
    Case c;
    c.options = {draw.between(1, 3), draw.below(3), draw.below(3), 1};
    const int64_t kernel = draw.of<int64_t>({1, 3, 3, 5});
    int64_t channels = draw.of<int64_t>({1, 3, 16, 63, 64, 65, 100});
    int64_t filters = draw.of<int64_t>({1, 3, 16, 63, 64, 65, 100});
    if (draw.below(8) == 0) {
      c.options.groups = draw.of<int64_t>({2, 3, 8});
      channels = c.options.groups * draw.of<int64_t>({1, 3, 17});
      filters = c.options.groups * draw.of<int64_t>({1, 3, 17});
    }
    c.x = {draw.between(1, 9), draw.between(1, 12), draw.between(1, 34), channels};
    c.weight = {filters, kernel, draw.below(8) == 0 ? 2 : kernel, channels / c.options.groups};
    const int64_t padding = c.options.padding_begin + c.options.padding_end;
    if (c.x[1] + padding < c.weight[1] || c.x[2] + padding < c.weight[2]) continue;
    const Shape y = ops::conv2d_shape(c.x, c.weight, c.options);
    if (y.size() * c.weight.stride0() > most_work) continue;
    draw_operands(draw, y, c);
    return c;
  }
}

std::vector<int32_t> integers(const IntTensor& ints) {
  std::vector<int32_t> result;
  for (int64_t i = 0; i < ints.size(); ++i) result.push_back(ints.at(i));
  return result;
}

/// Calls body(y index, x index, w index) for every single product of one image.
template <typename Body>
void for_each_product(const Case& c, const Body& body) {
  const Conv2dOptions& o = c.options;
  const int64_t group_filters = c.weight[0] / o.groups;
  int64_t at = 0;
  for (int64_t i = 0; i < c.g.shape[1]; ++i) {
    for (int64_t j = 0; j < c.g.shape[2]; ++j) {
      for (int64_t f = 0; f < c.weight[0]; ++f, ++at) {
        for (int64_t t = 0; t < c.weight[1] * c.weight[2]; ++t) {
          const int64_t row = i * o.stride + t / c.weight[2] - o.padding_begin;
          const int64_t column = j * o.stride + t % c.weight[2] - o.padding_begin;
          if (row < 0 || row >= c.x[1] || column < 0 || column >= c.x[2]) continue;
          const int64_t from = (row * c.x[2] + column) * c.x[3] + f / group_filters * c.weight[3];
          const int64_t tap = (f * c.weight[1] * c.weight[2] + t) * c.weight[3];
          for (int64_t k = 0; k < c.weight[3]; ++k) body(at, from + k, tap + k);
        }
      }
    }
  }
}

/// Whether a sample is one pixel under one tap: its products are then rounded one by one.
bool is_dense(const Case& c) {
  const int64_t pixels = c.x[1] * c.x[2] * c.g.shape[1] * c.g.shape[2];
  return c.options.groups == 1 && c.options.padding_begin == 0 &&
         pixels * c.weight[1] * c.weight[2] == 1;
}

struct Expected {
  std::vector<int32_t> y;
  Tensor dx, dw;
};

Expected plain(const Case& c) {
  const std::vector<int32_t> x = integers(c.inputs.ints);
  const std::vector<int32_t> w = integers(c.weights.ints);
  Expected e{std::vector<int32_t>(static_cast<size_t>(c.g.shape.size())),
             Tensor::uninitialized(c.x), Tensor::zeros(c.weight)};
  const bool one = c.inputs.scales.size() == 1;
  for (int64_t n = 0; n < c.x[0]; ++n) {
    const int64_t x0 = n * c.x.stride0();
    const int64_t y0 = n * c.g.shape.stride0();
    std::vector<int32_t> dx(static_cast<size_t>(c.x.stride0()));
    std::vector<int32_t> dw(static_cast<size_t>(c.weight.size()));
    const real each = one ? c.g.scales[n] : c.g.scales[n] * c.inputs.scales[n];
    for_each_product(c, [&](int64_t at, int64_t from, int64_t tap) {
      const int32_t level = 2 * c.g.codes[y0 + at] - c.g.top();
      const int32_t a = x[static_cast<size_t>(x0 + from)];
      const int32_t b = w[static_cast<size_t>(tap)];
      e.y[static_cast<size_t>(y0 + at)] += a * b;
      dx[static_cast<size_t>(from)] += level * b;
      dw[static_cast<size_t>(tap)] += level * a;
      if (!is_dense(c)) return;
      e.dw[tap] = std::fma(each * static_cast<real>(level), static_cast<real>(a), e.dw[tap]);
    });
    const real scale = c.g.scales[n] * c.weights.scales[0];
    for (size_t i = 0; i < dx.size(); ++i) {
      e.dx[x0 + static_cast<int64_t>(i)] = scale * static_cast<real>(dx[i]);
    }
    if (is_dense(c)) continue;
    for (size_t i = 0; i < dw.size(); ++i) {
      real& sum = e.dw[static_cast<int64_t>(i)];
      sum = std::fma(each, static_cast<real>(dw[i]), sum);
    }
  }
  for (real& value : e.dw.span()) value *= one ? c.inputs.scales[0] : 1;
  return e;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.span().begin(), a.span().end(), b.span().begin());
}

#define CAPTURE_CASE(c)                                                                           \
  CAPTURE(to_string((c).x), to_string((c).weight), (c).options.stride, (c).options.padding_begin, \
          (c).options.padding_end, (c).options.groups, (c).g.bits, (c).inputs.ints.width(),       \
          (c).weights.ints.width())

TEST_CASE("convolutions of levels and their gradients equal single products to the bit") {
  BitDraw draw(61);
  for (int i = 0; i < cases(400); ++i) {
    const Case c = draw_conv2d(draw, 1 << 19);
    const Expected expected = plain(c);
    CAPTURE(i);
    CAPTURE_CASE(c);
    set_threads(i % 3 == 0 ? 16 : i % 3);
    const IntTensor y = ops::integer_conv2d(c.inputs.ints, c.weights.ints, c.options);
    REQUIRE(y.shape() == c.g.shape);
    REQUIRE(integers(y) == expected.y);
    REQUIRE(same(ops::conv2d_input_gradient(c.g, c.weights, c.x, c.options), expected.dx));
    REQUIRE(same(ops::conv2d_weight_gradient(c.inputs, c.g, c.weight, c.options), expected.dw));
  }
  set_threads(0);
}

/// The same integers as a matrix.
ScaledInts as_matrix(const ScaledInts& from) {
  ScaledInts result = {IntTensor({from.ints.shape()[0], from.ints.shape()[3]}, from.ints.width()),
                       from.scales};
  for (int64_t i = 0; i < from.ints.size(); ++i) {
    if (from.ints.width() == IntWidth::int8) {
      result.ints.data<int8_t>()[i] = static_cast<int8_t>(from.ints.at(i));
    } else {
      result.ints.data<int16_t>()[i] = static_cast<int16_t>(from.ints.at(i));
    }
  }
  return result;
}

TEST_CASE("dense products of levels and their gradients equal single products to the bit") {
  BitDraw draw(62);
  for (int i = 0; i < cases(400); ++i) {
    Case c;
    const int64_t outputs = draw.of<int64_t>({1, 3, 10, 64, 65, 100});
    const int64_t inputs = draw.of<int64_t>({1, 3, 63, 64, 65, 100, 300});
    c.x = {draw.between(1, 20), 1, 1, inputs};
    c.weight = {outputs, 1, 1, inputs};
    draw_operands(draw, {c.x[0], 1, 1, outputs}, c);
    const Expected expected = plain(c);
    CAPTURE(i);
    CAPTURE_CASE(c);
    set_threads(i % 3 == 0 ? 16 : i % 3);
    GradientCodes g = c.g;
    g.shape = {c.x[0], outputs};
    const ScaledInts x = as_matrix(c.inputs);
    const ScaledInts w = as_matrix(c.weights);
    REQUIRE(integers(ops::integer_linear(x.ints, w.ints)) == expected.y);
    REQUIRE(same(ops::linear_input_gradient(g, w), expected.dx.reshaped({c.x[0], inputs})));
    REQUIRE(same(ops::linear_weight_gradient(x, g), expected.dw.reshaped({outputs, inputs})));
  }
  set_threads(0);
}

TEST_CASE("with one step per filter the input gradient is the float product of the values") {
  BitDraw draw(63);
  Case c = draw_conv2d(draw, 1 << 19);
  c.weights.scales = draw.scales({c.weight[0]});
  const Tensor expected =
      ops::conv2d_input_gradient(values(c.g), values(c.weights), c.x, c.options);
  if (c.weight[0] > 1) {
    CHECK(same(ops::conv2d_input_gradient(c.g, c.weights, c.x, c.options), expected));
  }
  const ScaledInts w = draw_levels(draw, {5, 7}, 127, 5);
  const GradientCodes g = draw_gradient(draw, {3, 5}, 4);
  CHECK(same(ops::linear_input_gradient(g, w), ops::linear_input_gradient(values(g), values(w))));
}

template <typename E, typename F>
std::string message_of(const F& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "no error of this kind";
}

TEST_CASE("products of levels refuse what they cannot multiply") {
  BitDraw draw(64);
  const ScaledInts x = draw_levels(draw, {2, 3}, 127, 1);
  const ScaledInts w = draw_levels(draw, {5, 3}, 127, 1);
  const IntTensor wide({5, 3}, IntWidth::int32);
  GradientCodes g = draw_gradient(draw, {2, 5}, 8);
  CHECK(message_of<ConfigError>([&] { ops::integer_linear(x.ints, wide); }) ==
        "[linear] expects integers of 8 or 16 bits, got 32 for weight");
  CHECK(message_of<ShapeError>([&] {
          ops::integer_linear(x.ints, draw_levels(draw, {5, 4}, 1, 1).ints);
        }) == "[linear] expects x [N, K] and weight [F, K], got x [2, 3] and weight [5, 4]");
  CHECK(message_of<ShapeError>([&] {
          ops::conv2d_weight_gradient(x, g, {5, 1, 1, 3}, {});
        }).starts_with("[conv2d] expects x [N, H, W, C]"));
  CHECK(message_of<ShapeError>([&] {
          ops::linear_weight_gradient({x.ints, Tensor::zeros({3})}, g);
        }) == "[linear] expects one scale, or one per first axis, got [3] for [2, 3]");
  CHECK(message_of<ShapeError>([&] {
          ops::linear_weight_gradient(x, {{3, 5}, 8, {}, {}});
        }) == "[linear] expects x [N, K] and dy [N, F], got [2, 3] and [3, 5]");
  g.bits = 9;
  CHECK(message_of<ConfigError>([&] { ops::linear_input_gradient(g, w); }) ==
        "[linear] expects gradient codes of 1 to 8 bits, got 9");
  g.bits = 8;
  g.codes = Buffer<uint8_t>(3);
  CHECK(message_of<ShapeError>([&] { ops::linear_input_gradient(g, w); }) ==
        "[linear] expects one gradient code per element and one scale per sample, got 3 and 2 for "
        "[2, 5]");
}

TEST_CASE("sums of levels that could leave 32 bits are refused, others are exact") {
  const auto filled = [](const Shape& shape, int level) {
    IntTensor ints(shape, IntWidth::int16);
    std::fill_n(ints.data<int16_t>(), ints.size(), static_cast<int16_t>(level));
    return ints;
  };
  const int64_t most = 8224;  // 511 x 511 x 8224 < 2^31
  CHECK(ops::integer_linear(filled({1, most}, 511), filled({1, most}, -511)).at(0) ==
        -511 * 511 * most);
  CHECK(message_of<ShapeError>([&] {
          ops::integer_linear(filled({1, most + 1}, 511), filled({1, most + 1}, -511));
        }) == "[linear] expects sums that fit 32 bits, got 8225 products of up to 261121");
}

TEST_CASE("the product of levels names its kernels") {
  CHECK(ops::integer_product_name(IntWidth::int8).starts_with("int8 dot"));
  CHECK(ops::integer_product_name(IntWidth::int16).starts_with("int16 dot ("));
}

}  // namespace
