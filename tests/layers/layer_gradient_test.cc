// Gradients of every float layer against central finite differences, in double.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/layers/layers.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

constexpr double kStep = 1e-6;

double objective(Module& module, const Tensor& x, const Tensor& seed) {
  const NoGrad guard;
  const Tensor y = module(Variable(x)).value();
  double sum = 0;
  for (int64_t i = 0; i < y.size(); ++i) sum += seed[i] * y[i];
  return sum;
}

void check(double analytic, double numeric) {
  CAPTURE(analytic, numeric);
  CHECK(std::abs(analytic - numeric) <=
        1e-6 + 1e-5 * std::max(std::abs(analytic), std::abs(numeric)));
}

/// Moves inputs off the points where activations have no derivative.
void leave_kinks(Tensor& x) {
  for (real& value : x.span()) {
    if (std::abs(value - std::round(value)) < 1e-3) value += 2e-3;
  }
}

void check_layer(const layers::Example& example) {
  Module& module = *example.module;
  module.initialize(5);
  module.set_position({5, 2});
  Tensor x = ops::example_tensor(example.input, 31, -1.6, 1.6);
  leave_kinks(x);
  const Variable input(x, true);
  Variable y = module(input);
  const Tensor seed = ops::example_tensor(y.shape(), 32, -1, 1);
  y.backward(seed);

  const auto numeric = [&](double& value) {
    const double before = value;
    value = before + kStep;
    const double above = objective(module, x, seed);
    value = before - kStep;
    const double below = objective(module, x, seed);
    value = before;
    return (above - below) / (2 * kStep);
  };
  for (int64_t i = 0; i < x.size(); ++i) check(input.grad()[i], numeric(x[i]));
  for (auto& parameter : module.parameters()) {
    CAPTURE(parameter.name);
    const Tensor gradient = parameter.value.grad();
    REQUIRE(gradient.size() == parameter.value.value().size());
    for (int64_t i = 0; i < gradient.size(); ++i) {
      check(gradient[i], numeric(parameter.value.mutable_value()[i]));
    }
  }
}

/// Quantizers declare surrogate gradients; the laws of quantizers hold them against the surrogate.
bool is_quantized(const layers::Example& example) {
  std::vector<LayerInfo> rows;
  example.module->trace(example.input, rows);
  return std::any_of(rows.begin(), rows.end(),
                     [](const LayerInfo& row) { return row.kind.starts_with("quant_"); });
}

}  // namespace

TEST_CASE("the gradient of every float layer equals central finite differences") {
  int checked = 0;
  for (const layers::Entry& entry : layers::catalogue()) {
    for (const layers::Example& example : entry.examples()) {
      if (is_quantized(example)) continue;
      CAPTURE(entry.name, example.name);
      check_layer(example);
      ++checked;
    }
  }
  CHECK(checked > 10);
}
