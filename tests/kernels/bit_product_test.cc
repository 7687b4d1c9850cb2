// Packed products against plain sums over elements, and against the level form.

#include <cmath>
#include <string>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/bit_product/run.h"
#include "fracbit/framework/ops/quantized_product.h"
#include "fracbit/framework/parallel.h"
#include "support/cases.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using fracbit::ops::Conv2dOptions;
using fracbit::ops::bit_product::Geometry;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

/// sum over taps and channels of x w, in double, then (x_scale w_scale) times it.
Tensor plain_conv2d(const ScaledBits& packed_x, const ScaledBits& packed_w,
                    const Conv2dOptions& o) {
  const ScaledLevels x = decode(packed_x);
  const ScaledLevels w = decode(packed_w);
  const Shape& xs = x.levels.shape();
  const Shape& ws = w.levels.shape();
  Tensor y = Tensor::zeros(ops::conv2d_shape(xs, ws, o));
  const int64_t group_filters = ws[0] / o.groups;
  int64_t at = 0;
  for (int64_t n = 0; n < y.shape()[0]; ++n) {
    for (int64_t i = 0; i < y.shape()[1]; ++i) {
      for (int64_t j = 0; j < y.shape()[2]; ++j) {
        for (int64_t f = 0; f < ws[0]; ++f) {
          double sum = 0;
          for (int64_t t = 0; t < ws[1] * ws[2]; ++t) {
            const int64_t row = i * o.stride + t / ws[2] - o.padding_begin;
            const int64_t column = j * o.stride + t % ws[2] - o.padding_begin;
            if (row < 0 || row >= xs[1] || column < 0 || column >= xs[2]) continue;
            const real* a = x.levels.data() + ((n * xs[1] + row) * xs[2] + column) * xs[3] +
                            f / group_filters * ws[3];
            const real* b = w.levels.data() + (f * ws[1] * ws[2] + t) * ws[3];
            for (int64_t c = 0; c < ws[3]; ++c) sum += double{a[c]} * double{b[c]};
          }
          const real x_scale = x.scales[x.scales.size() == 1 ? 0 : n];
          const real w_scale = w.scales[w.scales.size() == 1 ? 0 : f];
          y[at++] = (x_scale * w_scale) * static_cast<real>(sum);
        }
      }
    }
  }
  return y;
}

/// Within `relative` of the largest number, or within the rounding of sums whose terms have
/// magnitudes that add up to `terms`.
bool close(const Tensor& a, const Tensor& b, double relative, double terms = 0) {
  double largest = 0;
  double difference = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{b[i]}));
    difference = std::max(difference, std::abs(double{a[i]} - double{b[i]}));
  }
  return a.shape() == b.shape() && difference <= std::max(relative * largest, 1e-7 * terms);
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.data(), a.data() + a.size(), b.data());
}

/// Of the magnitudes of levels over one window.
double largest_sum(const ScaledLevels& x, const ScaledLevels& w) {
  const auto largest = [](const Tensor& levels) {
    double most = 0;
    for (const real level : levels.span()) most = std::max(most, std::abs(double{level}));
    return most;
  };
  const double length = static_cast<double>(w.levels.shape().stride0());
  return largest(x.levels) * largest(w.levels) * length;
}

struct Sizes {
  Shape x, w;
  Conv2dOptions options;

  explicit Sizes(BitDraw& draw) {
    const int64_t groups = draw.of<int64_t>({1, 1, 1, 2, 3});
    const int64_t channels = draw.of<int64_t>({1, 3, 5, 63, 64, 65, 100, 128});
    const int64_t kernel = draw.of<int64_t>({1, 2, 3, 5});
    const int64_t extent = draw.between(kernel, 7);
    options.stride = draw.between(1, 3);
    options.padding_begin = draw.between(0, kernel);
    options.padding_end = draw.between(0, kernel);
    options.groups = groups;
    x = {draw.between(1, 2), extent, draw.between(kernel, 7), groups * channels};
    w = {groups * draw.of<int64_t>({1, 3, 16, 17}), kernel, kernel, channels};
  }
};

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (Isa isa : supported_isas()) names.emplace_back(isa_name(isa));
  return names;
}

Tensor run(const ScaledBits& x, const ScaledBits& w, const Conv2dOptions& options,
           const std::string& kernels) {
  Tensor y = Tensor::zeros(ops::conv2d_shape(x.bits.shape(), w.bits.shape(), options));
  const Geometry geometry = Geometry::conv2d(x.bits.shape(), w.bits.shape(), options);
  ops::bit_product::run(x, w, geometry, kernels, y);
  return y;
}

constexpr CodeMap kUnsigned{1, 0};

CodeMap bipolar(int bits) {
  return {2, 1 - (1 << bits)};
}

TEST_CASE("convolution of codes equals plain sums to the bit") {
  BitDraw draw(11);
  for (int x_bits = 1; x_bits <= 8; ++x_bits) {
    for (int w_bits = 1; w_bits <= 8; ++w_bits) {
      const Sizes sizes(draw);
      const CodeMap x_map = draw.of<CodeMap>({kUnsigned, bipolar(x_bits), {3, -2}});
      const CodeMap w_map = draw.of<CodeMap>({kUnsigned, bipolar(w_bits), {-1, 5}});
      const ScaledBits x =
          draw.codes(sizes.x, x_bits, x_map, draw.below(2) ? 1 : sizes.x[0], draw.below(6) == 0);
      const ScaledBits w =
          draw.codes(sizes.w, w_bits, w_map, draw.below(2) ? 1 : sizes.w[0], draw.below(6) == 0);
      CAPTURE(x_bits, w_bits, x_map.mul, x_map.add, w_map.mul, w_map.add, to_string(sizes.x),
              to_string(sizes.w), sizes.options.stride, sizes.options.padding_begin,
              sizes.options.padding_end, sizes.options.groups);
      const Tensor expected = plain_conv2d(x, w, sizes.options);
      for (const std::string& kernels : kernel_names()) {
        CAPTURE(kernels);
        REQUIRE(same(run(x, w, sizes.options, kernels), expected));
      }
      REQUIRE(same(ops::quantized_conv2d(x, w, sizes.options), expected));
      const Tensor levels = ops::quantized_conv2d(decode(x), decode(w), sizes.options);
      const bool exact = largest_sum(decode(x), decode(w)) < 1 << 24;
      REQUIRE((exact ? same(levels, expected) : close(levels, expected, 1e-5)));
    }
  }
}

TEST_CASE("convolution of +-1 codes equals plain sums to the bit") {
  BitDraw draw(12);
  for (int i = 0; i < cases(60); ++i) {
    const Sizes sizes(draw);
    const ScaledBits x = draw.codes(sizes.x, 1, {2, -1}, 1, draw.below(6) == 0);
    const ScaledBits w = draw.codes(sizes.w, 1, {2, -1}, sizes.w[0], draw.below(6) == 0);
    CAPTURE(i, to_string(sizes.x), to_string(sizes.w), sizes.options.padding_begin,
            sizes.options.padding_end, sizes.options.stride, sizes.options.groups);
    const Tensor expected = plain_conv2d(x, w, sizes.options);
    for (const std::string& kernels : kernel_names()) {
      REQUIRE(same(run(x, w, sizes.options, kernels), expected));
    }
  }
}

/// Codes or residual terms, by chance.
ScaledBits mixed(BitDraw& draw, const Shape& shape, bool residual) {
  const int64_t groups = draw.below(2) ? 1 : shape[0];
  if (residual) {
    return draw.residual(shape, static_cast<int>(draw.between(1, 3)), draw.below(3) > 0, groups);
  }
  const int bits = static_cast<int>(draw.between(1, 4));
  return draw.codes(shape, bits, draw.below(2) ? kUnsigned : bipolar(bits), groups);
}

TEST_CASE("convolution with residual operands equals plain sums to rounding") {
  BitDraw draw(13);
  for (int i = 0; i < cases(100); ++i) {
    const Sizes sizes(draw);
    const int64_t kind = draw.below(3);  // residual: both, x, w
    const ScaledBits x = mixed(draw, sizes.x, kind != 2);
    const ScaledBits w = mixed(draw, sizes.w, kind != 1);
    CAPTURE(i, kind, x.bits.bits(), w.bits.bits(), to_string(sizes.x), to_string(sizes.w),
            sizes.options.padding_begin, sizes.options.padding_end, sizes.options.stride,
            sizes.options.groups);
    const Tensor expected = plain_conv2d(x, w, sizes.options);
    const Tensor first = run(x, w, sizes.options, kernel_names().front());
    REQUIRE(close(first, expected, 1e-5, largest_sum(decode(x), decode(w))));
    for (const std::string& kernels : kernel_names()) {
      CAPTURE(kernels);
      REQUIRE(same(run(x, w, sizes.options, kernels), first));
    }
    REQUIRE(close(ops::quantized_conv2d(decode(x), decode(w), sizes.options), first, 1e-5,
                  largest_sum(decode(x), decode(w))));
  }
}

TEST_CASE("dense products of packed operands equal plain sums") {
  BitDraw draw(14);
  for (int i = 0; i < cases(80); ++i) {
    const int64_t length = draw.of<int64_t>({1, 63, 64, 65, 100, 777, 4096});
    const Shape xs{draw.of<int64_t>({1, 7, 70}), length};
    const Shape ws{draw.of<int64_t>({1, 10, 48}), length};
    const bool residual = draw.below(2) == 1;
    const ScaledBits x = mixed(draw, xs, residual);
    const ScaledBits w = mixed(draw, ws, residual && draw.below(2));
    CAPTURE(i, to_string(xs), to_string(ws), residual);
    ScaledBits image = x;
    ScaledBits kernel = w;
    const Tensor y = ops::quantized_linear(x, w);
    const Tensor levels = ops::quantized_linear(decode(x), decode(w));
    REQUIRE(y.shape() == Shape{xs[0], ws[0]});
    REQUIRE(
        (residual ? close(y, levels, 1e-5, largest_sum(decode(x), decode(w))) : same(y, levels)));
  }
}

TEST_CASE("packed products do not depend on the number of threads") {
  BitDraw draw(15);
  const ScaledBits x = draw.residual({3, 9, 9, 70}, 3, true, 3);
  const ScaledBits w = draw.residual({40, 3, 3, 70}, 2, true, 40);
  const Conv2dOptions options{.padding_begin = 1, .padding_end = 1};
  set_threads(1);
  const Tensor one = ops::quantized_conv2d(x, w, options);
  for (int count : {2, 5}) {
    set_threads(count);
    REQUIRE(same(ops::quantized_conv2d(x, w, options), one));
  }
  set_threads(0);
}

/// What quantized_linear says against its operands.
std::string refusal(const ScaledBits& x, const ScaledBits& w) {
  try {
    ops::quantized_linear(x, w);
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("packed products refuse operands that do not fit") {
  BitDraw draw(16);
  const ScaledBits x = draw.codes({2, 10}, 1, {2, -1}, 1);
  const ScaledBits w = draw.codes({3, 11}, 1, {2, -1}, 1);
  REQUIRE_THROWS_AS(ops::quantized_linear(x, w), ShapeError);
  ScaledBits fits = draw.codes({3, 10}, 1, {2, -1}, 1);
  REQUIRE_NOTHROW(ops::quantized_linear(x, fits));
  fits.scales = Tensor::full({2}, 1);
  REQUIRE(refusal(x, fits).find("expects one scale, or one per first axis") != std::string::npos);
  REQUIRE_THROWS_AS(ops::quantized_linear(decode(x), decode(fits)), ShapeError);
  const ScaledBits wide = draw.codes({1, 40000}, 8, kUnsigned, 1);
  REQUIRE(refusal(wide, wide).find("fit 32 bits") != std::string::npos);
}

TEST_CASE("a packed product says what computes it") {
  const BitTensor codes({1, 8}, Encoding::codes, 2);
  const BitTensor signs = BitTensor::bipolar({1, 8});
  const BitTensor terms({1, 8}, Encoding::residual, 3);
  const std::string isa = " popcount (" + std::string(isa_name(active_isa())) + ")";
  REQUIRE(ops::quantized_product_name(codes, signs) == "codes 1x2" + isa);
  REQUIRE(ops::quantized_product_name(terms, terms) == "residual 3x3" + isa);
  REQUIRE(ops::quantized_product_name(codes, terms) == "residual by codes 3x2" + isa);
  REQUIRE(ops::quantized_product_name(terms, signs) == "codes by residual 1x3" + isa);
}

}  // namespace
