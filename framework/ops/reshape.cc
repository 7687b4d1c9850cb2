#include "fracbit/framework/ops/reshape.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {

Variable reshape(const Variable& x, const Shape& shape) {
  Tensor y = map(x.value(), [](real v) { return v; }).reshaped(shape);
  return Variable::from_op("reshape", std::move(y), {x},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             inputs[0].accumulate(std::move(dy).reshaped(inputs[0].shape()));
                           });
}

Variable flatten(const Variable& x) {
  return Variable::from_op("flatten", flattened(x.form()), {x},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             inputs[0].accumulate(std::move(dy).reshaped(inputs[0].shape()));
                           });
}

OpExamples reshape_examples() {
  const auto apply = [](std::span<const Variable> in) { return reshape(in[0], {6, 4}); };
  const auto flat = [](std::span<const Variable> in) { return flatten(in[0]); };
  return {.gradients = {{"to a matrix", {example_tensor({2, 3, 4}, 1)}, apply},
                        {"flatten", {example_tensor({2, 2, 3, 4}, 1)}, flat}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, flat}},
          .refused = {{"other size", {Tensor::zeros({5, 5})}, apply},
                      {"a scalar has no samples", {Tensor::zeros(Shape{})}, flat}}};
}

}  // namespace fracbit::ops
