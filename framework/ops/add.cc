#include "fracbit/framework/ops/add.h"

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {

Variable add(const Variable& a, const Variable& b) {
  require_same_shape("add", a.value(), b.value());
  Tensor y = map(a.value(), b.value(), [](real u, real v) { return u + v; });
  Profile::note(memory_work(3 * static_cast<double>(y.size())));
  return Variable::from_op("add", std::move(y), {a, b},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             if (inputs[0].requires_grad() && inputs[1].requires_grad()) {
                               inputs[0].accumulate(map(dy, [](real g) { return g; }));
                               inputs[1].accumulate(std::move(dy));
                             } else {
                               inputs[inputs[0].requires_grad() ? 0 : 1].accumulate(std::move(dy));
                             }
                           });
}

OpExamples add_examples() {
  const auto apply = [](std::span<const Variable> in) { return add(in[0], in[1]); };
  const auto twice = [](std::span<const Variable> in) { return add(in[0], in[0]); };
  return {.gradients = {{"two maps",
                         {example_tensor({2, 3, 4}, 1), example_tensor({2, 3, 4}, 2)},
                         apply},
                        {"x + x", {example_tensor({5}, 1)}, twice}},
          .large = {{"several blocks",
                     {example_tensor({300, 333}, 1), example_tensor({300, 333}, 2)},
                     apply}},
          .refused = {{"other shape", {Tensor::zeros({2, 3}), Tensor::zeros({3, 2})}, apply},
                      {"no broadcast", {Tensor::zeros({2, 3}), Tensor::zeros({3})}, apply}}};
}

}  // namespace fracbit::ops
