#include "fracbit/framework/ops/matmul.h"

#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/whole_numbers.h"

using namespace fracbit;
using fracbit::testing::equal;
using fracbit::testing::whole_numbers;

namespace {

Tensor transposed(const Tensor& a) {
  Tensor turned = Tensor::uninitialized({a.shape()[1], a.shape()[0]});
  for (int64_t i = 0; i < a.size(); ++i) {
    turned[i % a.shape()[1] * a.shape()[0] + i / a.shape()[1]] = a[i];
  }
  return turned;
}

Tensor product(const Tensor& a, const Tensor& b) {
  const int64_t columns = b.shape()[1];
  Tensor c = Tensor::zeros({a.shape()[0], columns});
  for (int64_t i = 0; i < a.shape()[0]; ++i) {
    for (int64_t k = 0; k < b.shape()[0]; ++k) {
      for (int64_t j = 0; j < columns; ++j) {
        c[i * columns + j] += a[i * b.shape()[0] + k] * b[k * columns + j];
      }
    }
  }
  return c;
}

}  // namespace

TEST_CASE("dense products and their gradients are the sums they claim to be") {
  struct {
    int64_t samples, inputs, outputs;
  } const cases[] = {{1, 1, 1},     {1, 600, 33}, {5, 17, 3},
                     {64, 513, 40}, {600, 9, 10}, {33, 48, 95}};
  for (const auto& c : cases) {
    INFO(c.samples << " samples, " << c.inputs << " -> " << c.outputs);
    const Tensor x = whole_numbers({c.samples, c.inputs}, 1);
    const Tensor weight = whole_numbers({c.outputs, c.inputs}, 2);
    const Tensor bias = whole_numbers({c.outputs}, 3);
    const Tensor dy = whole_numbers({c.samples, c.outputs}, 4);
    Tensor y = product(x, transposed(weight));
    CHECK(equal(ops::linear_forward(x, weight, nullptr), y));
    for (int64_t i = 0; i < y.size(); ++i) y[i] += bias[i % c.outputs];
    CHECK(equal(ops::linear_forward(x, weight, &bias), y));
    CHECK(equal(ops::linear_input_gradient(dy, weight), product(dy, weight)));
    CHECK(equal(ops::linear_weight_gradient(x, dy), product(transposed(dy), x)));
    CHECK(equal(ops::matmul(Variable(dy), Variable(weight)).value(), product(dy, weight)));
  }
}

TEST_CASE("products of no samples are empty, and their weight gradient is zero") {
  const Tensor x = Tensor::zeros({0, 4});
  const Tensor dy = Tensor::zeros({0, 3});
  const Tensor weight = Tensor::full({3, 4}, 1);
  CHECK(ops::linear_forward(x, weight, nullptr).shape() == Shape{0, 3});
  CHECK(ops::linear_input_gradient(dy, weight).shape() == Shape{0, 4});
  CHECK(equal(ops::linear_weight_gradient(x, dy), Tensor::zeros({3, 4})));
}

TEST_CASE("dense products refuse matrices that do not fit") {
  const Tensor x = Tensor::zeros({2, 3});
  const Tensor weight = Tensor::zeros({4, 3});
  const Tensor bias = Tensor::zeros({3});
  CHECK_THROWS_AS(ops::linear_forward(x, Tensor::zeros({4, 2}), nullptr), ShapeError);
  CHECK_THROWS_AS(ops::linear_forward(Tensor::zeros({2, 3, 1}), weight, nullptr), ShapeError);
  CHECK_THROWS_AS(ops::linear_forward(x, weight, &bias), ShapeError);
  CHECK_THROWS_AS(ops::linear_input_gradient(Tensor::zeros({2, 3}), weight), ShapeError);
  CHECK_THROWS_AS(ops::linear_weight_gradient(x, Tensor::zeros({3, 4})), ShapeError);
  CHECK_THROWS_AS(ops::matmul(Variable(x), Variable(weight)), ShapeError);
}
