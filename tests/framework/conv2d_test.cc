#include "fracbit/framework/ops/conv2d.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/depthwise_conv2d.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/moments.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/random.h"
#include "support/catch.h"
#include "support/whole_numbers.h"

using namespace fracbit;
using fracbit::testing::equal;
using fracbit::testing::whole_numbers;

namespace {

struct Case {
  Shape x;
  Shape weight;
  ops::Conv2dOptions options;
};

const Case kCases[] = {
    {{2, 5, 7, 3}, {5, 3, 3, 3}, {.padding_begin = 1, .padding_end = 1}},
    {{1, 9, 8, 16}, {33, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
    {{3, 6, 6, 40}, {70, 3, 3, 40}, {.stride = 2, .padding_begin = 1, .padding_end = 1}},
    {{2, 8, 8, 64}, {64, 1, 1, 64}, {}},
    {{2, 9, 7, 20}, {10, 1, 1, 20}, {.stride = 2}},
    {{2, 11, 11, 6}, {16, 5, 5, 6}, {}},
    {{1, 16, 16, 1}, {6, 5, 5, 1}, {.padding_begin = 2, .padding_end = 2}},
    {{2, 23, 23, 3}, {17, 11, 11, 3}, {.stride = 4, .padding_begin = 2, .padding_end = 2}},
    {{2, 6, 6, 12}, {18, 3, 3, 4}, {.padding_begin = 1, .padding_end = 1, .groups = 3}},
    {{2, 6, 6, 64}, {66, 3, 3, 32}, {.stride = 2, .padding_begin = 1, .groups = 2}},
    {{1, 4, 4, 2}, {3, 2, 2, 2}, {.stride = 3, .padding_begin = 2, .padding_end = 4}},
    {{1, 3, 3, 48}, {47, 3, 3, 48}, {}},
    {{1, 300, 2, 18}, {9, 1, 1, 18}, {}},
};

/// Calls body(index of y, index of x, index of weight) for every multiplication.
template <typename Body>
void for_each_product(const Case& c, const Body& body) {
  const Shape y = ops::conv2d_shape(c.x, c.weight, c.options);
  const int64_t group_channels = c.weight[3];
  const int64_t group_filters = c.weight[0] / c.options.groups;
  for (int64_t out = 0; out < y.size(); ++out) {
    const int64_t f = out % y[3];
    const int64_t j = out / y[3] % y[2];
    const int64_t i = out / (y[3] * y[2]) % y[1];
    const int64_t n = out / y.stride0();
    for (int64_t tap = 0; tap < c.weight.stride0(); ++tap) {
      const int64_t k = tap % group_channels;
      const int64_t column =
          j * c.options.stride + tap / group_channels % c.weight[2] - c.options.padding_begin;
      const int64_t row =
          i * c.options.stride + tap / (group_channels * c.weight[2]) - c.options.padding_begin;
      if (row < 0 || row >= c.x[1] || column < 0 || column >= c.x[2]) continue;
      const int64_t channel = f / group_filters * group_channels + k;
      body(out, ((n * c.x[1] + row) * c.x[2] + column) * c.x[3] + channel,
           f * c.weight.stride0() + tap);
    }
  }
}

void check_moments(const ops::ChannelMoments& found, const Tensor& y) {
  const ops::ChannelMoments expected = ops::channel_moments(y);
  for (size_t c = 0; c < expected.mean.size(); ++c) {
    CHECK(found.mean[c] == Approx(expected.mean[c]).margin(1e-5));
    CHECK(found.squares[c] == Approx(expected.squares[c]).epsilon(1e-5));
  }
}

}  // namespace

TEST_CASE("convolutions and their gradients are the sums they claim to be") {
  for (Case c : kCases) {
    c.options.exact = true;
    INFO("x " << c.x << " weight " << c.weight << " stride " << c.options.stride);
    const Tensor x = whole_numbers(c.x, 1);
    const Tensor weight = whole_numbers(c.weight, 2);
    const Tensor bias = whole_numbers({c.weight[0]}, 3);
    const Shape shape = ops::conv2d_shape(c.x, c.weight, c.options);
    const Tensor dy = whole_numbers(shape, 4);

    Tensor y = Tensor::zeros(shape);
    Tensor dx = Tensor::zeros(c.x);
    Tensor dw = Tensor::zeros(c.weight);
    for (int64_t i = 0; i < y.size(); ++i) y[i] = bias[i % c.weight[0]];
    for_each_product(c, [&](int64_t out, int64_t in, int64_t w) {
      y[out] += x[in] * weight[w];
      dx[in] += dy[out] * weight[w];
      dw[w] += dy[out] * x[in];
    });
    ops::BlockMoments moments;
    CHECK(equal(ops::conv2d_forward(x, weight, &bias, c.options, &moments), y));
    check_moments(moments.merged(), y);
    CHECK(equal(ops::conv2d_input_gradient(dy, weight, c.x, c.options), dx));
    CHECK(equal(ops::conv2d_weight_gradient(x, dy, c.weight, c.options), dw));
  }
}

TEST_CASE("weight gradients from rows of dy are those from all of it") {
  for (const Case& c : kCases) {
    if (!ops::conv2d_takes_rows(c.x, c.weight, c.options)) continue;
    INFO("x " << c.x << " weight " << c.weight << " stride " << c.options.stride);
    const Tensor x = whole_numbers(c.x, 1);
    const Tensor dy = whole_numbers(ops::conv2d_shape(c.x, c.weight, c.options), 4);
    const Tensor dw = ops::conv2d_weight_gradient(x, dy, c.weight, c.options);
    for (const int64_t band : {int64_t{1}, int64_t{2}, dy.shape()[1]}) {
      const auto copy = [&](int64_t image, int64_t begin, int64_t end, real* room) {
        CHECK((begin % band == 0 && (end % band == 0 || end == dy.shape()[1])));
        const int64_t row = dy.shape()[2] * dy.shape()[3];
        std::copy_n(dy.data() + (image * dy.shape()[1] + begin) * row, (end - begin) * row, room);
        return static_cast<const real*>(room);
      };
      set_threads(1);  // the checks
      const ops::GradientRows rows{copy, band};
      CHECK(equal(ops::conv2d_weight_gradient(x, rows, c.weight, c.options), dw));
      set_threads(0);
    }
  }
}

TEST_CASE("pixels of a first layer are made again to the bit") {
  for (const Case& c : kCases) {
    if (!ops::conv2d_makes_pixels(c.x, c.weight, c.options)) continue;
    INFO("x " << c.x << " weight " << c.weight << " stride " << c.options.stride);
    const Tensor x = ops::example_tensor(c.x, 1), weight = ops::example_tensor(c.weight, 2);
    const Tensor y = ops::conv2d_forward(x, weight, nullptr, c.options);
    const ops::MakePixels pixels = ops::conv2d_pixels(x, weight, c.options);
    const int64_t channels = y.shape()[3], all = y.size() / channels;
    for (const int64_t each : {int64_t{1}, int64_t{7}, int64_t{130}, all}) {
      Tensor again = Tensor::zeros(y.shape());
      for (int64_t p = 0; p < all; p += each) {
        pixels(p, std::min(all, p + each), again.data() + p * channels);
      }
      CHECK(equal(again, y));
    }
  }
}

namespace {

/// The largest difference, over the largest sum.
double error_of(const Tensor& got, const std::vector<double>& sums) {
  REQUIRE(got.size() == static_cast<int64_t>(sums.size()));
  double worst = 0, largest = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    const auto value = static_cast<double>(got[static_cast<int64_t>(i)]);
    worst = std::max(worst, std::abs(value - sums[i]));
    largest = std::max(largest, std::abs(sums[i]));
  }
  return worst / largest;
}

/// Gaussian numbers about 0.5: sums grow as those of activations do.
Tensor normal_numbers(const Shape& shape, uint64_t seed) {
  Tensor made = Tensor::uninitialized(shape);
  const Random random(seed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < made.size(); ++i) made[i] = static_cast<real>(0.5 + random.normal(i));
  return made;
}

/// Shapes that go through Winograd's transforms: whole and partial tiles, channels that fill
/// vectors and panels or do not, paddings of all kinds, several groups of tiles.
const Case kWinogradCases[] = {
    {{2, 16, 16, 16}, {16, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
    {{8, 7, 7, 40}, {70, 3, 3, 40}, {.padding_begin = 1, .padding_end = 1}},
    {{8, 13, 9, 17}, {33, 3, 3, 17}, {}},
    {{4, 14, 10, 50}, {18, 3, 3, 50}, {.padding_begin = 2, .padding_end = 0}},
    {{3, 9, 7, 20}, {34, 5, 5, 20}, {.padding_begin = 2, .padding_end = 2}},
    {{2, 14, 12, 16}, {18, 5, 5, 16}, {.padding_begin = 0, .padding_end = 1}},
    {{2, 15, 15, 20}, {24, 3, 3, 20}, {.padding_begin = 0, .padding_end = 3}},
    {{32, 16, 16, 16}, {16, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
    {{8, 8, 8, 16}, {136, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
    {{8, 7, 7, 16}, {263, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
};

}  // namespace

TEST_CASE("convolutions by Winograd's transforms are within 1e-4 of the sums they claim to be") {
  for (const Case& c : kWinogradCases) {
    INFO("x " << c.x << " weight " << c.weight);
    const Tensor x = normal_numbers(c.x, 1);
    const Tensor weight = normal_numbers(c.weight, 2);
    const Tensor bias = normal_numbers({c.weight[0]}, 3);
    const Shape shape = ops::conv2d_shape(c.x, c.weight, c.options);
    const Tensor dy = normal_numbers(shape, 4);
    std::vector<double> y(static_cast<size_t>(shape.size()));
    std::vector<double> dx(static_cast<size_t>(c.x.size()));
    std::vector<double> dw(static_cast<size_t>(c.weight.size()));
    for (size_t i = 0; i < y.size(); ++i) {
      y[i] = static_cast<double>(bias[static_cast<int64_t>(i) % c.weight[0]]);
    }
    for_each_product(c, [&](int64_t out, int64_t in, int64_t w) {
      y[static_cast<size_t>(out)] += static_cast<double>(x[in]) * static_cast<double>(weight[w]);
      dx[static_cast<size_t>(in)] += static_cast<double>(dy[out]) * static_cast<double>(weight[w]);
      dw[static_cast<size_t>(w)] += static_cast<double>(dy[out]) * static_cast<double>(x[in]);
    });
    ops::BlockMoments moments;
    const Tensor got_y = ops::conv2d_forward(x, weight, &bias, c.options, &moments);
    check_moments(moments.merged(), got_y);
    const Tensor got_dx = ops::conv2d_input_gradient(dy, weight, c.x, c.options);
    const Tensor got_dw = ops::conv2d_weight_gradient(x, dy, c.weight, c.options);
    CHECK(error_of(got_y, y) <= 1e-4);
    CHECK(error_of(got_dx, dx) <= 1e-4);
    CHECK(error_of(got_dw, dw) <= 1e-4);
    ops::Conv2dOptions exact = c.options;
    exact.exact = true;
    const Tensor exact_dx = ops::conv2d_input_gradient(dy, weight, c.x, exact);
    CHECK(error_of(exact_dx, dx) <= 1e-5);
    // The rule takes these shapes.
    CHECK_FALSE(equal(got_y, ops::conv2d_forward(x, weight, &bias, exact)));
    CHECK_FALSE(equal(got_dx, exact_dx));
    CHECK_FALSE(equal(got_dw, ops::conv2d_weight_gradient(x, dy, c.weight, exact)));
  }
}

TEST_CASE("Winograd's error stays below 1e-4 with many channels and many tiles") {
  const Case kCases[] = {
      {{2, 16, 17, 512}, {32, 3, 3, 512}, {.padding_begin = 1, .padding_end = 1}},
      {{9, 64, 64, 16}, {17, 3, 3, 16}, {.padding_begin = 1, .padding_end = 1}},
      {{9, 14, 14, 192}, {32, 5, 5, 192}, {.padding_begin = 2, .padding_end = 2}},
      {{33, 8, 8, 260}, {257, 3, 3, 260}, {.padding_begin = 1, .padding_end = 1}},
      {{8, 7, 7, 300}, {219, 3, 3, 300}, {.padding_begin = 1, .padding_end = 1}},
  };
  const auto doubles = [](const Tensor& from) {
    return std::vector<double>(from.span().begin(), from.span().end());
  };
  for (const Case& c : kCases) {
    INFO("x " << c.x << " weight " << c.weight);
    const Tensor x = normal_numbers(c.x, 1);
    const Tensor weight = normal_numbers(c.weight, 2);
    const Tensor dy = normal_numbers(ops::conv2d_shape(c.x, c.weight, c.options), 4);
    ops::Conv2dOptions exact = c.options;
    exact.exact = true;
    const Tensor bias = normal_numbers({c.weight[0]}, 3);
    ops::BlockMoments moments;
    const Tensor y = ops::conv2d_forward(x, weight, &bias, c.options, &moments);
    check_moments(moments.merged(), y);
    CHECK(error_of(y, doubles(ops::conv2d_forward(x, weight, &bias, exact))) <= 1e-4);
    CHECK(error_of(ops::conv2d_input_gradient(dy, weight, c.x, c.options),
                   doubles(ops::conv2d_input_gradient(dy, weight, c.x, exact))) <= 1e-4);
    const Tensor dw = ops::conv2d_weight_gradient(x, dy, c.weight, c.options);
    CHECK(error_of(dw, doubles(ops::conv2d_weight_gradient(x, dy, c.weight, exact))) <= 1e-4);
    for (const int count : {1, 16}) {
      set_threads(count);
      CHECK(equal(dw, ops::conv2d_weight_gradient(x, dy, c.weight, c.options)));
    }
    set_threads(0);
  }
}

TEST_CASE("a depthwise convolution is one with a group per channel, to the bit on whole numbers") {
  const ops::Conv2dOptions kOptions[] = {
      {.padding_begin = 1, .padding_end = 1}, {.stride = 2, .padding_end = 1}, {.stride = 4}};
  for (const int64_t channels : {1, 5, 48}) {
    for (const Shape& weight_shape : {Shape{channels, 3, 3, 1}, Shape{channels, 5, 2, 1}}) {
      for (ops::Conv2dOptions options : kOptions) {
        const Tensor x = whole_numbers({2, 9, 8, channels}, 1);
        const Tensor weight = whole_numbers(weight_shape, 2);
        const Tensor bias = whole_numbers({channels}, 3);
        const Tensor y = ops::depthwise_conv2d_forward(x, weight, &bias, options);
        const Tensor dy = whole_numbers(y.shape(), 4);
        const Tensor dx = ops::depthwise_conv2d_input_gradient(dy, weight, x.shape(), options);
        const Tensor dw = ops::depthwise_conv2d_weight_gradient(x, dy, weight_shape, options);
        options.groups = channels;
        INFO("weight " << weight_shape << " stride " << options.stride);
        CHECK(equal(y, ops::conv2d_forward(x, weight, &bias, options)));
        CHECK(equal(dx, ops::conv2d_input_gradient(dy, weight, x.shape(), options)));
        CHECK(equal(dw, ops::conv2d_weight_gradient(x, dy, weight_shape, options)));
      }
    }
  }
}

TEST_CASE("depthwise_conv2d refuses what does not fit") {
  const Tensor x = Tensor::zeros({1, 4, 4, 2});
  const Tensor weight = Tensor::zeros({2, 3, 3, 1});
  const Tensor bias = Tensor::zeros({3});
  CHECK_THROWS_AS(ops::depthwise_conv2d_forward(x, Tensor::zeros({4, 3, 3, 1}), nullptr, {}),
                  ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_forward(x, Tensor::zeros({2, 3, 3, 2}), nullptr, {}),
                  ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_forward(x, Tensor::zeros({2, 5, 3, 1}), nullptr, {}),
                  ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_forward(x, weight, &bias, {}), ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_forward(x, weight, nullptr, {.groups = 3}), ConfigError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_input_gradient(x, weight, x.shape(), {}), ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_weight_gradient(x, x, weight.shape(), {}), ShapeError);
}

TEST_CASE("a convolution of no images is empty and its weight gradient is zero") {
  const Shape weight{3, 3, 3, 2};
  const Tensor x = Tensor::zeros({0, 4, 4, 2});
  const Tensor y = ops::conv2d_forward(x, Tensor::full(weight, 1), nullptr, {});
  CHECK(y.shape() == Shape{0, 2, 2, 3});
  CHECK(ops::conv2d_input_gradient(y, Tensor::full(weight, 1), x.shape(), {}).empty());
  CHECK(equal(ops::conv2d_weight_gradient(x, y, weight, {}), Tensor::zeros(weight)));
}

TEST_CASE("conv2d refuses shapes and options that do not fit") {
  const Shape x{1, 4, 4, 2};
  const Shape weight{3, 3, 3, 2};
  CHECK_THROWS_AS(ops::conv2d_shape({4, 4, 2}, weight, {}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 3, 2}, {}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 3, 3, 4}, {}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 5, 3, 2}, {.padding_begin = 0}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 0, 3, 2}, {}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 3, 3, 1}, {.groups = 2}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, weight, {.stride = 0}), ConfigError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, weight, {.groups = -1}), ConfigError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, weight, {.padding_begin = -1}), ConfigError);
  CHECK_THROWS_AS(ops::conv2d_shape(x, weight, {.padding_end = -1}), ConfigError);
  CHECK(ops::conv2d_shape(x, {3, 5, 5, 2}, {.padding_end = 1}) == Shape{1, 1, 1, 3});

  const Tensor wrong_bias = Tensor::zeros({2});
  CHECK_THROWS_AS(ops::conv2d_forward(Tensor::zeros(x), Tensor::zeros(weight), &wrong_bias, {}),
                  ShapeError);
  const Tensor wrong_dy = Tensor::zeros({1, 2, 3, 3});
  CHECK_THROWS_AS(ops::conv2d_input_gradient(wrong_dy, Tensor::zeros(weight), x, {}), ShapeError);
  CHECK_THROWS_AS(ops::conv2d_weight_gradient(Tensor::zeros(x), wrong_dy, weight, {}), ShapeError);
}

TEST_CASE("the message of a refused convolution names both shapes") {
  try {
    ops::conv2d_shape({8, 16, 16, 32}, {128, 3, 3, 64}, {});
    FAIL("expected a ShapeError");
  } catch (const ShapeError& error) {
    CHECK(std::string(error.what()) ==
          "[conv2d] expects 64 input channels, got 32 (x [8, 16, 16, 32], weight [128, 3, 3, 64])");
  }
}
