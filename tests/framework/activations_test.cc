#include <cmath>
#include <functional>
#include <initializer_list>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/abs_clip.h"
#include "fracbit/framework/ops/clip.h"
#include "fracbit/framework/ops/hard_tanh.h"
#include "fracbit/framework/ops/prelu.h"
#include "fracbit/framework/ops/relu.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

constexpr real kNan = std::numeric_limits<real>::quiet_NaN();

/// y = activation(x), and dx for a gradient of 3 everywhere, both exact.
void check_activation(const std::function<Variable(const Variable&)>& activation,
                      std::initializer_list<real> x, std::initializer_list<real> expected_y,
                      std::initializer_list<real> expected_dx) {
  const Shape shape{static_cast<int64_t>(x.size())};
  const Variable input(Tensor::from(shape, x), true);
  Variable y = activation(input);
  for (int64_t i = 0; i < shape.size(); ++i) {
    INFO("x " << input.value()[i]);
    CHECK(y.value()[i] == expected_y.begin()[i]);
  }
  y.backward(Tensor::full(shape, 3));
  for (int64_t i = 0; i < shape.size(); ++i) {
    INFO("x " << input.value()[i]);
    CHECK(input.grad()[i] == expected_dx.begin()[i]);
  }
}

}  // namespace

TEST_CASE("relu passes what is above zero") {
  check_activation(ops::relu, {-2, -0.0f, 0, 0.5f, 7}, {0, 0, 0, 0.5f, 7}, {0, 0, 0, 3, 3});
}

TEST_CASE("clip passes gradients on the closed interval") {
  const auto clip = [](const Variable& x) { return ops::clip(x, 0, 1); };
  check_activation(clip, {-0.5f, 0, 0.25f, 1, 1.5f}, {0, 0, 0.25f, 1, 1}, {0, 3, 3, 3, 0});
  CHECK_THROWS_AS(ops::clip(Variable(Tensor::zeros({1})), 1, 1), ConfigError);
  CHECK_THROWS_AS(ops::clip(Variable(Tensor::zeros({1})), kNan, 1), ConfigError);
}

TEST_CASE("hard tanh is clip to -1 and 1") {
  check_activation(ops::hard_tanh, {-3, -1, 0.5f, 1, 3}, {-1, -1, 0.5f, 1, 1}, {0, 3, 3, 3, 0});
}

TEST_CASE("abs_clip folds at zero and passes gradients in the open interval") {
  check_activation(ops::abs_clip, {-2, -1, -0.5f, 0, 0.5f, 1, 2}, {1, 1, 0.5f, 0, 0.5f, 1, 1},
                   {0, 0, -3, 0, 3, 0, 0});
}

TEST_CASE("NaN passes through activations, so that divergence shows in the loss") {
  const Variable x(Tensor::full({5}, kNan));
  for (const Variable& y : {ops::relu(x), ops::clip(x, 0, 1), ops::abs_clip(x),
                            ops::prelu(x, Variable(Tensor::full({1}, 1)))}) {
    CHECK(std::isnan(y.value()[4]));
  }
}

TEST_CASE("prelu bends with one slope or one per channel, and learns it") {
  const Variable x(Tensor::from({2, 2}, {-1, 2, 3, -4}), true);
  const Variable one(Tensor::from({1}, {0.5f}), true);
  Variable y = ops::prelu(x, one);
  CHECK(y.value()[0] == -0.5f);
  CHECK(y.value()[1] == 2);
  CHECK(y.value()[3] == -2);
  y.backward(Tensor::from({2, 2}, {10, 20, 30, 40}));
  CHECK(one.grad()[0] == -10 - 160);
  CHECK(x.grad()[0] == 5);
  CHECK(x.grad()[2] == 30);

  const Variable two(Tensor::from({2}, {0.5f, 0.25f}), true);
  Variable z = ops::prelu(x, two);
  CHECK(z.value()[3] == -1);
  z.backward(Tensor::from({2, 2}, {10, 20, 30, 40}));
  CHECK(two.grad()[0] == -10);
  CHECK(two.grad()[1] == -160);
}
