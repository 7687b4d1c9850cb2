// The gradients of a block's glue against central finite differences, in double.

#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "support/catch.h"

using namespace fracbit;
using ops::BlockActivation;

namespace {

constexpr double kStep = 1e-6;

static_assert(sizeof(real) == sizeof(double), "finite differences need the double build");

/// x, gamma and beta of one case.
struct Glue {
  std::vector<Tensor> inputs;
  ops::NormQuantizeOptions options;
  bool training;

  ops::NormQuantizeResult forward() const {
    const int64_t channels = inputs[1].size();
    Tensor mean = ops::example_tensor({channels}, 3, -0.5, 0.5);
    Tensor variance = ops::example_tensor({channels}, 4, 0.5, 2);
    return ops::NormQuantize::forward({inputs[0]}, inputs[1], inputs[2], mean, variance, options,
                                      training);
  }
  /// The number whose derivatives are compared: sum over i of seed[i] y[i].
  double objective(const Tensor& seed) const {
    const auto made = forward();
    const Tensor& y = std::get<Tensor>(made.output);
    double sum = 0;
    for (int64_t i = 0; i < y.size(); ++i) sum += seed[i] * y[i];
    return sum;
  }
};

void check_gradients(Glue glue) {
  auto made = glue.forward();
  const Tensor seed = ops::example_tensor(std::get<Tensor>(made.output).shape(), 99, -1, 1);
  const auto gradients = std::move(made.state).backward(seed, {});
  const Tensor* found[] = {&std::get<Tensor>(gradients.x), &gradients.gamma, &gradients.beta};
  for (size_t input = 0; input < 3; ++input) {
    CAPTURE(input);
    Tensor& values = glue.inputs[input];
    REQUIRE(found[input]->shape() == values.shape());
    for (int64_t i = 0; i < values.size(); ++i) {
      const double before = values[i];
      values[i] = before + kStep;
      const double above = glue.objective(seed);
      values[i] = before - kStep;
      const double below = glue.objective(seed);
      values[i] = before;
      const double numeric = (above - below) / (2 * kStep), analytic = (*found[input])[i];
      CAPTURE(i, numeric, analytic);
      CHECK(std::abs(numeric - analytic) <= 1e-6 * std::max(1.0, std::abs(numeric)));
    }
  }
}

}  // namespace

TEST_CASE("gradients of a block's glue equal central finite differences") {
  const ops::PoolOptions overlapping{.kernel = 3, .stride = 2, .padding_begin = 1};
  const std::optional<ops::PoolOptions> pools[] = {{}, ops::PoolOptions{}, overlapping};
  for (const BlockActivation h : {BlockActivation::identity, BlockActivation::relu,
                                  BlockActivation::clip01, BlockActivation::cabs}) {
    for (const auto& pool : pools) {
      for (const bool pool_first : {false, true}) {
        for (const bool training : {false, true}) {
          // Four slopes, none of them 0, where a max pool has no derivative.
          CAPTURE(static_cast<int>(h), pool ? pool->kernel : 0, pool_first, training);
          check_gradients({{ops::example_tensor({2, 5, 4, 4}, 1), ops::example_tensor({4}, 5),
                            ops::example_tensor({4}, 6, -0.5, 0.9)},
                           {{}, pool, pool_first, h, 32},
                           training});
        }
      }
    }
  }
}
