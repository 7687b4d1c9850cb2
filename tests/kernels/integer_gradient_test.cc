// Gradients on gradient codes against loops over single products, to the bit.

#include <cmath>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/integer_gradient.h"
#include "fracbit/framework/ops/integer_gradient/run.h"
#include "fracbit/framework/parallel.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using fracbit::ops::Conv2dOptions;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

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
  ScaledBits inputs, weights;
  GradientCodes g;
};

CodeMap draw_map(BitDraw& draw, int bits) {
  return draw.below(2) == 0 ? CodeMap{1, 0} : CodeMap{2, 1 - (1 << bits)};
}

Case draw_conv2d(BitDraw& draw, int64_t most_work) {
  for (;;) {
    Case c;
    c.options = {draw.between(1, 3), draw.below(3), draw.below(3), 1};
    const int64_t kernel = draw.of<int64_t>({1, 3, 3, 5});
    int64_t channels = draw.of<int64_t>({1, 3, 16, 63, 64, 65, 100});
    int64_t filters = draw.of<int64_t>({1, 3, 16, 63, 64, 65, 100, 130});
    if (draw.below(8) == 0) {
      c.options.groups = draw.of<int64_t>({2, 3, 8});
      channels = c.options.groups * draw.of<int64_t>({1, 3, 17});
      filters = c.options.groups * draw.of<int64_t>({1, 3, 17});
    }
    c.x = {draw.between(1, 3), draw.between(1, 12), draw.between(1, 34), channels};
    c.weight = {filters, kernel, draw.below(8) == 0 ? 2 : kernel, channels / c.options.groups};
    const int64_t padding = c.options.padding_begin + c.options.padding_end;
    if (c.x[1] + padding < c.weight[1] || c.x[2] + padding < c.weight[2]) continue;
    const Shape y = ops::conv2d_shape(c.x, c.weight, c.options);
    if (y.size() * c.weight.stride0() > most_work) continue;
    const int x_bits = static_cast<int>(draw.between(1, 8));
    const int w_bits = static_cast<int>(draw.between(1, 8));
    c.inputs = draw.codes(c.x, x_bits, draw_map(draw, x_bits), 1, draw.below(16) == 0);
    c.weights = draw.codes(c.weight, w_bits, draw_map(draw, w_bits), 1, draw.below(16) == 0);
    c.g = draw_gradient(draw, y, static_cast<int>(draw.between(1, 8)));
    return c;
  }
}

std::vector<int32_t> levels(const BitTensor& bits) {
  const ScaledLevels decoded = decode({bits, Tensor::full({1}, 1)});
  std::vector<int32_t> result;
  for (const real level : decoded.levels.span()) result.push_back(static_cast<int32_t>(level));
  return result;
}

/// Calls body(i, x index, w index) for every single product of output element i of one image.
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

int32_t gradient_level(const GradientCodes& g, int64_t i) {
  return 2 * g.codes[i] - g.top();
}

Tensor plain_input_gradient(const Case& c) {
  const std::vector<int32_t> w = levels(c.weights.bits);
  Tensor dx = Tensor::uninitialized(c.x);
  for (int64_t n = 0; n < c.x[0]; ++n) {
    std::vector<int32_t> d(static_cast<size_t>(c.x.stride0()));
    for_each_product(c, [&](int64_t y, int64_t x, int64_t k) {
      d[static_cast<size_t>(x)] +=
          gradient_level(c.g, n * c.g.shape.stride0() + y) * w[static_cast<size_t>(k)];
    });
    const real scale = c.g.scales[n] * c.weights.scales[0];
    for (size_t i = 0; i < d.size(); ++i) {
      dx[n * c.x.stride0() + static_cast<int64_t>(i)] = scale * static_cast<real>(d[i]);
    }
  }
  return dx;
}

/// Whether a sample is one pixel under one tap: its products are then rounded one by one.
bool is_dense(const Case& c) {
  const int64_t pixels = c.x[1] * c.x[2] * c.g.shape[1] * c.g.shape[2];
  return c.options.groups == 1 && c.options.padding_begin == 0 &&
         pixels * c.weight[1] * c.weight[2] == 1;
}

Tensor plain_weight_gradient(const Case& c) {
  const std::vector<int32_t> a = levels(c.inputs.bits);
  Tensor dw = Tensor::zeros(c.weight);
  for (int64_t n = 0; n < c.x[0]; ++n) {
    std::vector<int32_t> d(static_cast<size_t>(c.weight.size()));
    for_each_product(c, [&](int64_t y, int64_t x, int64_t k) {
      const int32_t level = gradient_level(c.g, n * c.g.shape.stride0() + y);
      const int32_t input = a[static_cast<size_t>(n * c.x.stride0() + x)];
      d[static_cast<size_t>(k)] += level * input;
      if (!is_dense(c)) return;
      dw[k] = std::fma(c.g.scales[n] * static_cast<real>(level), static_cast<real>(input), dw[k]);
    });
    if (is_dense(c)) continue;
    for (size_t i = 0; i < d.size(); ++i) {
      real& sum = dw[static_cast<int64_t>(i)];
      sum = std::fma(c.g.scales[n], static_cast<real>(d[i]), sum);
    }
  }
  for (real& value : dw.span()) value *= c.inputs.scales[0];
  return dw;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.span().begin(), a.span().end(), b.span().begin());
}

#define CAPTURE_CASE(c)                                                                           \
  CAPTURE(to_string((c).x), to_string((c).weight), (c).options.stride, (c).options.padding_begin, \
          (c).options.padding_end, (c).options.groups, (c).g.bits, (c).inputs.bits.bits(),        \
          (c).inputs.bits.map().mul, (c).weights.bits.bits(), (c).weights.bits.map().mul)

/// Both gradients by every instruction set.
void check_conv2d(const Case& c) {
  const ops::Conv2dGeometry geometry("conv2d", c.x, c.weight, c.options);
  const Tensor dx = plain_input_gradient(c);
  const Tensor dw = plain_weight_gradient(c);
  for (const Isa isa : supported_isas()) {
    CAPTURE(isa_name(isa));
    Tensor result = Tensor::full(c.x, -7);
    ops::integer_gradient::input_gradient(c.g, c.weights, geometry, isa_name(isa), result);
    REQUIRE(same(result, dx));
    result = Tensor::full(c.weight, -7);
    ops::integer_gradient::weight_gradient(c.inputs, c.g, geometry, isa_name(isa), result);
    REQUIRE(same(result, dw));
  }
}

TEST_CASE("gradients of convolutions on gradient codes equal single products to the bit") {
  constexpr int kLarge = 100;  // one in so many may be larger
  BitDraw draw(41);
  for (int i = 0; i < cases(1500); ++i) {
    const Case c = draw_conv2d(draw, i % kLarge == 0 ? 1 << 20 : 1 << 14);
    CAPTURE(i);
    CAPTURE_CASE(c);
    set_threads(i % 3 == 0 ? 16 : i % 3);
    check_conv2d(c);
  }
  set_threads(0);
}

TEST_CASE("the public gradients are those of the instruction set in use") {
  BitDraw draw(44);
  for (int i = 0; i < 20; ++i) {
    const Case c = draw_conv2d(draw, 1 << 16);
    const Tensor dx = ops::conv2d_input_gradient(c.g, c.weights, c.x, c.options);
    REQUIRE(same(dx, plain_input_gradient(c)));
    const Tensor dw = ops::conv2d_weight_gradient(c.inputs, c.g, c.weight, c.options);
    REQUIRE(same(dw, plain_weight_gradient(c)));
  }
}

/// A dense product, and the same as a convolution of one pixel.
Case draw_linear(BitDraw& draw) {
  Case c;
  const int64_t samples = draw.between(1, 9);
  const int64_t outputs = draw.of<int64_t>({1, 3, 10, 64, 65, 100});
  const int64_t inputs = draw.of<int64_t>({1, 3, 63, 64, 65, 100, 300});
  c.x = {samples, 1, 1, inputs};
  c.weight = {outputs, 1, 1, inputs};
  const int x_bits = static_cast<int>(draw.between(1, 8));
  const int w_bits = static_cast<int>(draw.between(1, 8));
  c.inputs = draw.codes(c.x, x_bits, draw_map(draw, x_bits), 1);
  c.weights = draw.codes(c.weight, w_bits, draw_map(draw, w_bits), 1);
  c.g = draw_gradient(draw, {samples, 1, 1, outputs}, static_cast<int>(draw.between(1, 8)));
  return c;
}

/// The same bits as a matrix.
ScaledBits as_matrix(const ScaledBits& packed) {
  const BitTensor& from = packed.bits;
  BitTensor bits({from.shape()[0], from.shape()[3]}, Encoding::codes, from.bits(), from.map());
  std::copy(from.words().begin(), from.words().end(), bits.words().begin());
  return {std::move(bits), packed.scales};
}

TEST_CASE("gradients of dense products on gradient codes equal single products to the bit") {
  BitDraw draw(42);
  for (int i = 0; i < cases(300); ++i) {
    const Case c = draw_linear(draw);
    CAPTURE(i);
    CAPTURE_CASE(c);
    set_threads(i % 3 == 0 ? 16 : i % 3);
    GradientCodes g = c.g;
    g.shape = {c.g.shape[0], c.g.shape[3]};
    const Tensor dx = ops::linear_input_gradient(g, as_matrix(c.weights));
    REQUIRE(same(dx, plain_input_gradient(c).reshaped({c.x[0], c.x[3]})));
    const Tensor dw = ops::linear_weight_gradient(as_matrix(c.inputs), g);
    REQUIRE(same(dw, plain_weight_gradient(c).reshaped({c.weight[0], c.weight[3]})));
  }
  set_threads(0);
}

TEST_CASE("gradients on gradient codes refuse what they cannot multiply") {
  BitDraw draw(43);
  const Shape x{2, 4, 4, 8}, w{8, 3, 3, 8};
  const Conv2dOptions same_size{1, 1, 1, 1};
  const GradientCodes g = draw_gradient(draw, x, 6);
  const ScaledBits weights = draw.codes(w, 1, {2, -1}, 1);
  const ScaledBits inputs = draw.codes(x, 2, {1, 0}, 1);
  const auto input = [&](const GradientCodes& of, const ScaledBits& with) {
    return ops::conv2d_input_gradient(of, with, x, same_size);
  };
  const auto weight = [&](const ScaledBits& of, const GradientCodes& with) {
    return ops::conv2d_weight_gradient(of, with, w, same_size);
  };
  REQUIRE_NOTHROW(input(g, weights));
  REQUIRE_NOTHROW(weight(inputs, g));
  REQUIRE_THROWS_AS(input(g, draw.residual(w, 2, true, 1)), ConfigError);
  REQUIRE_THROWS_AS(weight(draw.codes(x, 9, {1, 0}, 1), g), ConfigError);
  REQUIRE_THROWS_AS(weight(draw.codes(x, 8, {2, 0}, 1), g), ConfigError);
  REQUIRE_THROWS_AS(input(g, draw.codes(w, 1, {2, -1}, 8)), ShapeError);
  REQUIRE_THROWS_AS(input(draw_gradient(draw, {2, 4, 4, 7}, 6), weights), ShapeError);
  GradientCodes broken = g;
  broken.bits = 9;
  REQUIRE_THROWS_AS(input(broken, weights), ConfigError);
  broken = g;
  broken.scales = Tensor::full({1}, 1);
  REQUIRE_THROWS_AS(weight(inputs, broken), ShapeError);
  const GradientCodes row = draw_gradient(draw, {2, 8}, 6);
  REQUIRE_THROWS_AS(ops::linear_input_gradient(row, draw.codes({7, 3}, 1, {2, -1}, 1)), ShapeError);
  REQUIRE_THROWS_AS(ops::linear_weight_gradient(draw.codes({3, 7}, 1, {2, -1}, 1), row),
                    ShapeError);
  REQUIRE_THROWS_AS(ops::linear_input_gradient(g, weights), ShapeError);
  const int64_t many = 34000;  // 34000 x 255 x 255 leaves 32 bits
  REQUIRE_THROWS_AS(ops::linear_input_gradient(draw_gradient(draw, {1, many}, 8),
                                               draw.codes({many, 1}, 8, {2, -255}, 1)),
                    ShapeError);
}

}  // namespace
