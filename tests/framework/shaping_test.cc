#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/add.h"
#include "fracbit/framework/ops/concat.h"
#include "fracbit/framework/ops/dropout.h"
#include "fracbit/framework/ops/reshape.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

std::vector<real> values(const Tensor& tensor) {
  return {tensor.span().begin(), tensor.span().end()};
}

}  // namespace

TEST_CASE("add gives its gradient to both, also to one variable twice") {
  const Variable a(Tensor::from({2}, {1, 2}), true);
  const Variable b(Tensor::from({2}, {10, 20}), true);
  Variable y = ops::add(ops::add(a, b), a);
  CHECK(values(y.value()) == std::vector<real>{12, 24});
  y.backward(Tensor::from({2}, {3, 4}));
  CHECK(values(a.grad()) == std::vector<real>{6, 8});
  CHECK(values(b.grad()) == std::vector<real>{3, 4});
}

TEST_CASE("add with a constant gives its gradient to the other one") {
  const Variable constant(Tensor::from({1}, {1}));
  const Variable x(Tensor::from({1}, {2}), true);
  ops::add(constant, x).backward();
  CHECK(x.grad()[0] == 1);
  ops::add(x, constant).backward();
  CHECK(x.grad()[0] == 2);
  CHECK(constant.grad().empty());
}

TEST_CASE("flatten keeps samples apart") {
  const Variable x(Tensor::from({2, 1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), true);
  Variable y = ops::flatten(x);
  CHECK(y.shape() == Shape{2, 4});
  y.backward(Tensor::full({2, 4}, 1));
  CHECK(x.grad().shape() == x.shape());
  CHECK_THROWS_WITH(ops::reshape(x, {3, 3}), "[reshape] cannot turn [2, 1, 2, 2] into [3, 3]");
}

TEST_CASE("concat joins channels and rows, and cuts gradients apart again") {
  const Variable a(Tensor::from({2, 1}, {1, 2}), true);
  const Variable b(Tensor::from({2, 2}, {3, 4, 5, 6}), true);
  Variable y = ops::concat({a, b}, -1);
  REQUIRE(y.shape() == Shape{2, 3});
  CHECK(values(y.value()) == std::vector<real>{1, 3, 4, 2, 5, 6});
  y.backward(Tensor::from({2, 3}, {10, 20, 30, 40, 50, 60}));
  CHECK(values(a.grad()) == std::vector<real>{10, 40});
  CHECK(values(b.grad()) == std::vector<real>{20, 30, 50, 60});
  CHECK(values(ops::concat({b, b}, 0).value()) == std::vector<real>{3, 4, 5, 6, 3, 4, 5, 6});
}

TEST_CASE("dropout keeps what the generator says, scaled, in both directions") {
  const Random random(5, 1, 2, Purpose::dropout);
  constexpr int64_t kSize = 1003;
  const Variable x(Tensor::full({kSize}, 3), true);
  Variable y = ops::dropout(x, 0.25, random);
  int64_t kept = 0;
  for (int64_t i = 0; i < kSize; ++i) {
    const bool keep = random.uniform(i) >= 0.25;
    kept += keep;
    CHECK(y.value()[i] == (keep ? 4 : 0));
  }
  CHECK(kept > kSize * 7 / 10);
  CHECK(kept < kSize * 8 / 10);
  const Tensor forward = y.value();
  y.backward(Tensor::full({kSize}, 3));
  CHECK(values(x.grad()) == values(forward));
  CHECK(values(ops::dropout(x, 0, random).value()) == values(x.value()));
  for (const double bad : {-0.1, 1.0}) CHECK_THROWS_AS(ops::dropout(x, bad, random), ConfigError);
}
