#include <cmath>
#include <limits>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/avg_pool.h"
#include "fracbit/framework/ops/global_avg_pool.h"
#include "fracbit/framework/ops/max_pool.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

std::vector<real> values(const Tensor& tensor) {
  return {tensor.span().begin(), tensor.span().end()};
}

}  // namespace

TEST_CASE("max pooling takes each channel's maximum, and gives the gradient to the first one") {
  // Two channels: rows 1 5 / 5 2 and 0 0 / 0 0.
  const Variable x(Tensor::from({1, 2, 2, 2}, {1, 0, 5, 0, 5, 0, 2, 0}), true);
  Variable y = ops::max_pool(x, {});
  REQUIRE(y.shape() == Shape{1, 1, 1, 2});
  CHECK(values(y.value()) == std::vector<real>{5, 0});
  y.backward(Tensor::from({1, 1, 1, 2}, {7, 9}));
  CHECK(values(x.grad()) == std::vector<real>{0, 9, 7, 0, 0, 0, 0, 0});
}

TEST_CASE("max pooling leaves out a remainder, and padding never wins") {
  const Variable x(Tensor::from({1, 3, 3, 1}, {1, 2, 9, 3, 4, 9, 9, 9, 9}), true);
  Variable y = ops::max_pool(x, {.kernel = 2, .stride = 2});
  CHECK(values(y.value()) == std::vector<real>{4});
  y.backward(Tensor::full({1, 1, 1, 1}, 1));
  CHECK(values(x.grad()) == std::vector<real>{0, 0, 0, 0, 1, 0, 0, 0, 0});

  const Variable below_zero(Tensor::full({1, 2, 2, 1}, -3));
  const ops::PoolOptions padded{.kernel = 3, .stride = 2, .padding_begin = 1, .padding_end = 1};
  CHECK(values(ops::max_pool(below_zero, padded).value()) == std::vector<real>{-3});
}

TEST_CASE("overlapping windows add their gradients") {
  const Variable x(Tensor::from({1, 1, 3, 1}, {1, 5, 2}), true);
  const ops::PoolOptions options{.kernel = 2, .stride = 1, .padding_begin = 1};
  Variable y = ops::max_pool(x, options);
  REQUIRE(y.shape() == Shape{1, 1, 3, 1});
  CHECK(values(y.value()) == std::vector<real>{1, 5, 5});
  y.backward(Tensor::from({1, 1, 3, 1}, {10, 20, 30}));
  CHECK(values(x.grad()) == std::vector<real>{10, 50, 0});
}

TEST_CASE("NaN wins in max pooling") {
  constexpr real kNan = std::numeric_limits<real>::quiet_NaN();
  for (int64_t at = 0; at < 4; ++at) {
    Tensor x = Tensor::from({1, 2, 2, 1}, {1, 2, 3, 4});
    x[at] = kNan;
    CHECK(std::isnan(ops::max_pool(Variable(x), {}).value()[0]));
    CHECK(std::isnan(ops::max_pool(Variable(x), {.kernel = 2, .stride = 1}).value()[0]));
  }
}

TEST_CASE("average pooling counts padding as zeros") {
  const Variable x(Tensor::from({1, 2, 2, 1}, {4, 8, 12, 16}), true);
  CHECK(values(ops::avg_pool(x, {}).value()) == std::vector<real>{10});
  const ops::PoolOptions padded{.kernel = 2, .stride = 2, .padding_begin = 1, .padding_end = 1};
  Variable y = ops::avg_pool(x, padded);
  CHECK(values(y.value()) == std::vector<real>{1, 2, 3, 4});
  y.backward(Tensor::from({1, 2, 2, 1}, {4, 8, 12, 16}));
  CHECK(values(x.grad()) == std::vector<real>{1, 2, 3, 4});
}

TEST_CASE("global average pooling is the mean of all pixels") {
  const Variable x(Tensor::from({1, 2, 2, 2}, {1, 10, 2, 20, 3, 30, 6, 40}), true);
  Variable y = ops::global_avg_pool(x);
  REQUIRE(y.shape() == Shape{1, 2});
  CHECK(values(y.value()) == std::vector<real>{3, 25});
  y.backward(Tensor::from({1, 2}, {4, 8}));
  CHECK(values(x.grad()) == std::vector<real>{1, 2, 1, 2, 1, 2, 1, 2});
}

TEST_CASE("pooling refuses geometry out of range") {
  const Variable x(Tensor::zeros({1, 4, 4, 1}));
  for (const ops::PoolOptions& bad :
       {ops::PoolOptions{.kernel = 0}, ops::PoolOptions{.kernel = 256},
        ops::PoolOptions{.stride = 0}, ops::PoolOptions{.padding_begin = 2},
        ops::PoolOptions{.padding_begin = -1}, ops::PoolOptions{.padding_end = 2}}) {
    CHECK_THROWS_AS(ops::max_pool(x, bad), ConfigError);
    CHECK_THROWS_AS(ops::avg_pool(x, bad), ConfigError);
  }
  CHECK_THROWS_WITH(ops::max_pool(x, {.kernel = 5}),
                    "[max_pool] expects an image of at least 5 pixels for kernel 5, got shape "
                    "[1, 4, 4, 1]");
}
