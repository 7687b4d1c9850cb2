#include "fracbit/framework/ops/relu.h"

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {

Variable relu(const Variable& x) {
  Tensor y = map(x.value(), [](real v) { return v < 0 ? real{0} : v; });
  Profile::note(memory_work(2 * static_cast<double>(y.size())));
  return Variable::from_op("relu", std::move(y), {x}, [](Tensor&& dy, std::span<Variable> inputs) {
    Profile::note(memory_work(3 * static_cast<double>(dy.size())));
    combine(dy, inputs[0].value(), [](real g, real v) { return v > 0 ? g : real{0}; });
    inputs[0].accumulate(std::move(dy));
  });
}

OpExamples relu_examples() {
  const auto apply = [](std::span<const Variable> in) { return relu(in[0]); };
  return {.gradients = {{"a map", {example_tensor({2, 3, 3, 4}, 1)}, apply, {0}}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, apply}},
          .refused = {}};
}

}  // namespace fracbit::ops
