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

TEST_CASE("a forgotten value is made again when it is asked for, and kept for who holds it") {
  const Variable x(Tensor::from({2}, {1, 2}), true);
  int made = 0;
  const auto twice = [&made, x] {
    ++made;
    return Tensor::from({2}, {2 * x.value()[0], 2 * x.value()[1]});
  };
  const auto record = [&] {
    return Variable::from_op(
        "twice", twice(), {x},
        [](Tensor&& dy, std::span<Variable> in) { in[0].accumulate(std::move(dy)); }, twice);
  };
  Variable y = record();
  y.forget();
  y.forget();
  CHECK(y.shape() == Shape{2});
  CHECK(made == 1);
  CHECK(y.value()[1] == 4);
  CHECK(y.value()[0] == 2);
  CHECK(made == 2);
  y.forget();
  y.backward(Tensor::full({2}, 1));
  CHECK(made == 3);
  CHECK(y.value()[1] == 4);
  y.forget();  // it could not be made again
  CHECK(y.value()[1] == 4);

  const NoGrad no_grad;
  Variable z = record();
  z.forget();
  CHECK(z.value()[1] == 4);
  CHECK(made == 4);
}
