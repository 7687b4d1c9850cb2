#include <cmath>
#include <limits>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/ops/squared_hinge.h"
#include "support/catch.h"

using namespace fracbit;

TEST_CASE("cross entropy of equal logits is the log of the number of classes") {
  const Variable logits(Tensor::full({2, 4}, 3), true);
  const std::vector<int32_t> labels{1, 3};
  Variable loss = ops::softmax_cross_entropy(logits, labels);
  REQUIRE(loss.shape() == Shape{1});
  CHECK(loss.value()[0] == Approx(std::log(4.0)));
  loss.backward();
  CHECK(logits.grad()[0] == Approx(0.25 / 2));
  CHECK(logits.grad()[1] == Approx((0.25 - 1) / 2));
}

TEST_CASE("smoothing mixes the label with all classes") {
  const std::vector<int32_t> labels{0};
  // Probabilities 3/4 and 1/4.
  const Variable logits(Tensor::from({1, 2}, {static_cast<real>(std::log(3.0)), 0}), true);
  Variable loss = ops::softmax_cross_entropy(logits, labels, 0.5);
  CHECK(loss.value()[0] == Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)));
  loss.backward();
  CHECK(std::abs(logits.grad()[0]) < 1e-7f);
}

TEST_CASE("huge logits neither overflow nor lose the loss") {
  const std::vector<int32_t> labels{1};
  const Variable logits(Tensor::from({1, 2}, {30000, -30000}), true);
  Variable loss = ops::softmax_cross_entropy(logits, labels);
  CHECK(loss.value()[0] == 60000);
  loss.backward();
  CHECK(logits.grad()[0] == 1);
  CHECK(logits.grad()[1] == -1);
}

TEST_CASE("NaN in the logits shows in the loss") {
  constexpr real kNan = std::numeric_limits<real>::quiet_NaN();
  const std::vector<int32_t> labels{0, 0};
  const Variable logits(Tensor::from({2, 2}, {1, 2, 3, kNan}));
  CHECK(std::isnan(ops::softmax_cross_entropy(logits, labels).value()[0]));
  CHECK(std::isnan(ops::squared_hinge(logits, labels).value()[0]));
}

TEST_CASE("squared hinge punishes what is within the margin") {
  const std::vector<int32_t> labels{0};
  // Margins 1 - 0.5 at the label; 1 + 0.5, and 1 - 2 < 0 elsewhere.
  const Variable scores(Tensor::from({1, 3}, {0.5f, 0.5f, -2}), true);
  Variable loss = ops::squared_hinge(scores, labels);
  CHECK(loss.value()[0] == Approx((0.25 + 2.25) / 3));
  loss.backward();
  CHECK(scores.grad()[0] == Approx(-2 * 0.5 / 3));
  CHECK(scores.grad()[1] == Approx(2 * 1.5 / 3));
  CHECK(scores.grad()[2] == 0);
}

TEST_CASE("losses refuse labels and smoothing out of range") {
  const Variable logits(Tensor::zeros({2, 3}));
  const std::vector<int32_t> good{0, 2};
  for (const std::vector<int32_t>& bad : {std::vector<int32_t>{0, 3}, {-1, 0}, {0}, {0, 1, 2}}) {
    CHECK_THROWS_AS(ops::softmax_cross_entropy(logits, bad), ShapeError);
    CHECK_THROWS_AS(ops::squared_hinge(logits, bad), ShapeError);
  }
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(ops::softmax_cross_entropy(logits, good, bad), ConfigError);
  }
}
