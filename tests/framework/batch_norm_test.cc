#include "fracbit/framework/ops/batch_norm.h"

#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

struct Norm {
  explicit Norm(int64_t channels)
      : gamma(Tensor::full({channels}, 2), true),
        beta(Tensor::full({channels}, 1), true),
        mean(Tensor::zeros({channels})),
        variance(Tensor::full({channels}, 1)) {}

  Variable operator()(const Variable& x, const ops::BatchNormOptions& options, bool training) {
    return ops::batch_norm(x, gamma, beta, mean, variance, options, training);
  }

  Variable gamma;
  Variable beta;
  Tensor mean;
  Tensor variance;
};

}  // namespace

TEST_CASE("training normalises with the batch and moves the running statistics") {
  Norm norm(2);
  // Channel 0: 1 3 (mean 2, biased variance 1, unbiased 2); channel 1: 5 5.
  const Variable x(Tensor::from({2, 2}, {1, 5, 3, 5}));
  const Variable y = norm(x, {.eps = 1e-12, .momentum = 0.75}, true);
  CHECK(y.value()[0] == Approx(1 - 2));
  CHECK(y.value()[2] == Approx(1 + 2));
  CHECK(y.value()[1] == 1);
  CHECK(norm.mean[0] == 0.5f);
  CHECK(norm.mean[1] == 1.25f);
  CHECK(norm.variance[0] == 0.75f + 0.25f * 2);
  CHECK(norm.variance[1] == 0.75f);
}

TEST_CASE("evaluation normalises with the running statistics and leaves them") {
  Norm norm(1);
  norm.mean[0] = 3;
  norm.variance[0] = 4;
  const Variable y = norm(Variable(Tensor::from({1, 1}, {7})), {.eps = 1e-12}, false);
  CHECK(y.value()[0] == Approx(2 * (7 - 3) / 2.0 + 1));
  CHECK(norm.mean[0] == 3);
  CHECK(norm.variance[0] == 4);
}

TEST_CASE("a shift of the whole batch has no gradient in training") {
  Norm norm(1);
  const Variable x(Tensor::from({4, 1}, {1, 2, 4, 9}), true);
  norm(x, {}, true).backward(Tensor::full({4, 1}, 5));
  for (int64_t i = 0; i < 4; ++i) CHECK(std::abs(x.grad()[i]) < 1e-5f);
  CHECK(norm.beta.grad()[0] == 20);
  CHECK(std::abs(norm.gamma.grad()[0]) < 1e-4f);
}

TEST_CASE("statistics survive a mean far from zero") {
  constexpr int64_t kRows = 5000;
  Tensor values = Tensor::uninitialized({kRows, 1});
  for (int64_t i = 0; i < kRows; ++i) values[i] = static_cast<real>(10000 + (i % 2));
  Norm norm(1);
  const Variable y = norm(Variable(values), {.eps = 1e-12, .momentum = 0}, true);
  CHECK(norm.mean[0] == Approx(10000.5));
  CHECK(norm.variance[0] == Approx(0.25 * kRows / (kRows - 1)).epsilon(1e-5));
  CHECK(y.value()[0] == Approx(-1).epsilon(1e-3));
}

TEST_CASE("batch norm refuses settings out of range, and names shapes that do not fit") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Norm norm(1);
  const Variable x(Tensor::zeros({2, 1}));
  for (const double eps : {0.0, -1.0, kNan, std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(norm(x, {.eps = eps}, false), ConfigError);
  }
  for (const double momentum : {-0.1, 1.1, kNan}) {
    CHECK_THROWS_AS(norm(x, {.momentum = momentum}, false), ConfigError);
  }
  CHECK_THROWS_WITH(norm(Variable(Tensor::zeros({2, 3})), {}, false),
                    "[batch_norm] expects gamma of shape [3], got [1] (x [2, 3])");
}
