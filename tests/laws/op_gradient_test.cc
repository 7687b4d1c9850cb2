#include <algorithm>
#include <cmath>
#include <string>

#include "fracbit/framework/ops/examples.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

constexpr double kStep = 1e-5;
constexpr double kKinkDistance = 1e-3;

static_assert(sizeof(real) == sizeof(double), "finite differences need the double build");

void leave_kinks(Tensor& x, const std::vector<double>& kinks) {
  for (double& value : x.span()) {
    for (const double kink : kinks) {
      if (std::abs(value - kink) < kKinkDistance) value = kink + 2 * kKinkDistance;
    }
  }
}

std::vector<Variable> leaves(const std::vector<Tensor>& inputs) {
  std::vector<Variable> all;
  for (const Tensor& input : inputs) all.emplace_back(input, true);
  return all;
}

/// The number whose derivatives are compared: sum over i of seed[i] y[i].
double objective(const ops::OpExample& example, const std::vector<Tensor>& inputs,
                 const Tensor& seed) {
  const NoGrad guard;
  const Tensor y = example.apply(leaves(inputs)).value();
  double sum = 0;
  for (int64_t i = 0; i < y.size(); ++i) sum += seed[i] * y[i];
  return sum;
}

void check_gradients(const ops::OpExample& example) {
  std::vector<Tensor> inputs = example.inputs;
  leave_kinks(inputs[0], example.kinks);
  const std::vector<Variable> variables = leaves(inputs);
  Variable y = example.apply(variables);
  const Tensor seed = ops::example_tensor(y.shape(), 99, -1, 1);
  y.backward(seed);
  for (size_t input = 0; input < inputs.size(); ++input) {
    CAPTURE(input);
    const Tensor& gradient = variables[input].grad();
    REQUIRE(gradient.shape() == inputs[input].shape());
    for (int64_t i = 0; i < gradient.size(); ++i) {
      const double before = inputs[input][i];
      inputs[input][i] = before + kStep;
      const double above = objective(example, inputs, seed);
      inputs[input][i] = before - kStep;
      const double below = objective(example, inputs, seed);
      inputs[input][i] = before;
      const double numeric = (above - below) / (2 * kStep);
      const double tolerance = 1e-7 + 1e-6 * std::max(std::abs(numeric), std::abs(gradient[i]));
      CAPTURE(i, numeric, gradient[i]);
      CHECK(std::abs(numeric - gradient[i]) <= tolerance);
    }
  }
}

}  // namespace

TEST_CASE("the gradient of every op equals central finite differences") {
  for (const auto& [op, examples] : ops::op_examples()) {
    REQUIRE_FALSE(examples.gradients.empty());
    for (const ops::OpExample& example : examples.gradients) {
      CAPTURE(op, example.name);
      check_gradients(example);
    }
  }
}
