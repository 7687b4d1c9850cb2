// Exact integers of packed products against plain sums over elements.

#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/bit_product/integers.h"
#include "fracbit/framework/ops/integer_product.h"
#include "fracbit/framework/parallel.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using fracbit::ops::Conv2dOptions;
using fracbit::ops::bit_product::Geometry;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

constexpr CodeMap kUnsigned{1, 0};

CodeMap bipolar(int bits) {
  return {2, 1 - (1 << bits)};
}

/// The levels of bits: codes mapped, or one term's mask times sign.
std::vector<int32_t> levels(const BitTensor& bits) {
  ScaledBits packed{bits, Tensor::full({1, 1}, 1)};
  if (bits.encoding() == Encoding::codes) packed.scales = Tensor::full({1}, 1);
  const Tensor values = decode(packed).levels;
  std::vector<int32_t> result;
  for (const real value : values.span()) result.push_back(static_cast<int32_t>(value));
  return result;
}

/// sum over taps and channels of x w.
std::vector<int32_t> plain_conv2d(const BitTensor& packed_x, const BitTensor& packed_w,
                                  const Conv2dOptions& o) {
  const std::vector<int32_t> x = levels(packed_x);
  const std::vector<int32_t> w = levels(packed_w);
  const Shape& xs = packed_x.shape();
  const Shape& ws = packed_w.shape();
  const Shape ys = ops::conv2d_shape(xs, ws, o);
  const int64_t group_filters = ws[0] / o.groups;
  std::vector<int32_t> y;
  for (int64_t at = 0; at < ys.size(); ++at) {
    const int64_t f = at % ys[3];
    const int64_t column = at / ys[3] % ys[2] * o.stride - o.padding_begin;
    const int64_t row = at / ys[3] / ys[2] % ys[1] * o.stride - o.padding_begin;
    const int64_t image = at / ys[3] / ys[2] / ys[1];
    int32_t sum = 0;
    for (int64_t t = 0; t < ws[1] * ws[2]; ++t) {
      const int64_t i = row + t / ws[2];
      const int64_t j = column + t % ws[2];
      if (i < 0 || i >= xs[1] || j < 0 || j >= xs[2]) continue;
      const int32_t* a =
          x.data() + ((image * xs[1] + i) * xs[2] + j) * xs[3] + f / group_filters * ws[3];
      const int32_t* b = w.data() + (f * ws[1] * ws[2] + t) * ws[3];
      for (int64_t c = 0; c < ws[3]; ++c) sum += a[c] * b[c];
    }
    y.push_back(sum);
  }
  return y;
}

std::vector<int32_t> elements(const IntTensor& d) {
  std::vector<int32_t> result;
  for (int64_t i = 0; i < d.size(); ++i) result.push_back(d.at(i));
  return result;
}

BitTensor operand(BitDraw& draw, const Shape& shape) {
  if (draw.below(6) == 0) return draw.residual(shape, 1, draw.below(2) == 0, 1).bits;
  const int bits = static_cast<int>(draw.of<int64_t>({1, 1, 1, 2, 2, 3, 4, 8}));
  const CodeMap map = draw.of<CodeMap>({kUnsigned, bipolar(bits), bipolar(bits), {3, -2}});
  return draw.codes(shape, bits, map, 1, draw.below(6) == 0).bits;
}

TEST_CASE("integer convolutions of bits equal plain sums on every instruction set") {
  BitDraw draw(31);
  for (int i = 0; i < cases(300); ++i) {
    const int64_t groups = draw.of<int64_t>({1, 1, 1, 2, 3});
    const int64_t channels = draw.of<int64_t>({1, 3, 5, 63, 64, 65, 100, 128});
    const int64_t kernel = draw.of<int64_t>({1, 2, 3, 5});
    const Conv2dOptions options{.stride = draw.between(1, 3),
                                .padding_begin = draw.between(0, kernel),
                                .padding_end = draw.between(0, kernel),
                                .groups = groups};
    const Shape xs{draw.between(1, 2), draw.between(kernel, 6), draw.between(kernel, 9),
                   groups * channels};
    const Shape ws{groups * draw.of<int64_t>({1, 3, 16, 17}), kernel, kernel, channels};
    const BitTensor x = operand(draw, xs);
    const BitTensor w = operand(draw, ws);
    CAPTURE(i, to_string(xs), to_string(ws), x.bits(), w.bits(), options.stride,
            options.padding_begin, options.padding_end, options.groups);
    const std::vector<int32_t> expected = plain_conv2d(x, w, options);
    const IntTensor d = ops::integer_conv2d(x, w, options);
    REQUIRE(d.shape() == ops::conv2d_shape(xs, ws, options));
    REQUIRE(elements(d) == expected);
    for (const Isa isa : supported_isas()) {
      CAPTURE(isa_name(isa));
      IntTensor wide(d.shape(), IntWidth::int32);
      ops::bit_product::run_integers(x, w, Geometry::conv2d(xs, ws, options), isa_name(isa), wide);
      REQUIRE(elements(wide) == expected);
    }
  }
}

TEST_CASE("integer products are int16 as long as every sum fits") {
  BitDraw draw(32);
  const auto product = [&](int64_t length, int bits) {
    const BitTensor x = draw.codes({2, length}, bits, kUnsigned, 1, true).bits;
    const BitTensor w = draw.codes({3, length}, 1, bipolar(1), 1, true).bits;
    return ops::integer_linear(x, w);
  };
  const IntTensor narrow = product(32767 / 3, 2);
  REQUIRE(narrow.width() == IntWidth::int16);
  REQUIRE(elements(narrow) == std::vector<int32_t>(6, 32766));
  const IntTensor wide = product(32768 / 3 + 1, 2);
  REQUIRE(wide.width() == IntWidth::int32);
  REQUIRE(elements(wide) == std::vector<int32_t>(6, 32769));
  REQUIRE(product(5, 1).width() == IntWidth::int16);
}

TEST_CASE("integer products do not depend on the number of threads") {
  BitDraw draw(33);
  const BitTensor x = draw.codes({3, 9, 9, 70}, 2, kUnsigned, 1).bits;
  const BitTensor w = draw.codes({40, 3, 3, 70}, 1, bipolar(1), 1).bits;
  const Conv2dOptions options{.padding_begin = 1, .padding_end = 1};
  set_threads(1);
  const IntTensor one = ops::integer_conv2d(x, w, options);
  for (int count : {2, 5}) {
    set_threads(count);
    REQUIRE(ops::integer_conv2d(x, w, options) == one);
  }
  set_threads(0);
}

TEST_CASE("integer products refuse what they cannot compute") {
  BitDraw draw(34);
  const BitTensor x = draw.codes({2, 10}, 1, bipolar(1), 1).bits;
  REQUIRE_THROWS_AS(ops::integer_linear(x, draw.codes({2, 11}, 1, bipolar(1), 1).bits), ShapeError);
  const BitTensor terms = draw.residual({2, 10}, 2, true, 1).bits;
  REQUIRE_THROWS_AS(ops::integer_linear(x, terms), ConfigError);
  REQUIRE_THROWS_AS(ops::integer_linear(terms, x), ConfigError);
  const BitTensor wide = draw.codes({1, 40000}, 8, kUnsigned, 1).bits;
  REQUIRE_THROWS_AS(ops::integer_linear(wide, wide), ShapeError);
  REQUIRE_THROWS_AS(
      ops::integer_conv2d(BitTensor::bipolar({1, 2, 2, 3}), BitTensor::bipolar({4, 3, 3, 2}), {}),
      ShapeError);
}

}  // namespace
