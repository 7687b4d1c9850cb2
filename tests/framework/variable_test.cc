#include "fracbit/framework/variable.h"

#include "fracbit/framework/error.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

Variable twice(const Variable& x) {
  Tensor y = x.value();
  for (real& value : y.span()) value *= 2;
  return Variable::from_op("twice", std::move(y), {x}, [](Tensor&& dy, std::span<Variable> inputs) {
    for (real& value : dy.span()) value *= 2;
    inputs[0].accumulate(std::move(dy));
  });
}

Variable plus(const Variable& a, const Variable& b) {
  Tensor y = a.value();
  for (int64_t i = 0; i < y.size(); ++i) y[i] += b.value()[i];
  return Variable::from_op("plus", std::move(y), {a, b},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             inputs[0].accumulate(Tensor(dy));
                             inputs[1].accumulate(std::move(dy));
                           });
}

}  // namespace

TEST_CASE("gradients add up over every path") {
  const Variable x(Tensor::from({1}, {3}), true);
  Variable y = plus(twice(x), plus(x, twice(twice(x))));
  CHECK(y.value()[0] == 21);
  y.backward();
  CHECK(x.grad()[0] == 7);
}

TEST_CASE("a very deep graph neither overflows the stack forward, backward nor when dropped") {
  const Variable x(Tensor::from({1}, {0}), true);
  Variable y = x;
  for (int i = 0; i < 200000; ++i) y = plus(y, x);
  y.backward();
  CHECK(x.grad()[0] == 200001);
  Variable unused = x;
  for (int i = 0; i < 200000; ++i) unused = plus(unused, x);
}

TEST_CASE("nothing is recorded without gradients") {
  const Variable x(Tensor::from({1}, {1}), true);
  {
    const NoGrad guard;
    CHECK_FALSE(twice(x).requires_grad());
  }
  CHECK(twice(x).requires_grad());
  CHECK_FALSE(twice(Variable(Tensor::from({1}, {1}))).requires_grad());
}

TEST_CASE("backward needs one number or a seed of the right shape") {
  const Variable x(Tensor::from({2}, {1, 2}), true);
  CHECK_THROWS_AS(twice(x).backward(), ShapeError);
  CHECK_THROWS_AS(twice(x).backward(Tensor::from({1}, {1})), ShapeError);
}
