// Gradients of small float networks against central finite differences, in double.
#include <cmath>
#include <string>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "models/small_networks.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

constexpr double kStep = 1e-6;

Variable loss_of(Module& net, const Tensor& x) {
  static constexpr int32_t kLabels[] = {1, 0, 2};
  return ops::softmax_cross_entropy(net(Variable(x)), kLabels);
}

void check_gradients(Module& net, const Tensor& x) {
  net.initialize(5);
  loss_of(net, x).backward();
  const auto loss = [&] {
    const NoGrad guard;
    return loss_of(net, x).value()[0];
  };
  for (auto& parameter : net.parameters()) {
    Tensor& values = parameter.value.mutable_value();
    const int64_t apart = 1 + values.size() / 12;  // a dozen of each
    for (int64_t i = 0; i < values.size(); i += apart) {
      const double before = values[i];
      values[i] = before + kStep;
      const double above = loss();
      values[i] = before - kStep;
      const double numeric = (above - loss()) / (2 * kStep);
      values[i] = before;
      CAPTURE(parameter.name, i, numeric, parameter.value.grad()[i]);
      CHECK(std::abs(parameter.value.grad()[i] - numeric) <= 1e-7 + 1e-5 * std::abs(numeric));
    }
  }
}

}  // namespace

TEST_CASE("gradients of depthwise and residual networks equal central finite differences") {
  models::Spec spec;
  spec.quant = quantize::resolved({});
  spec.input = {8, 8, 3};
  spec.classes = 3;
  const Tensor x = ops::example_tensor({3, 8, 8, 3}, 7, -1, 1);
  SECTION("depthwise") {
    check_gradients(*test::small_mobilenet(spec), x);
  }
  SECTION("residual") {
    check_gradients(*test::small_resnet(spec), x);
  }
}
