#include "fracbit/framework/ops/abs_clip.h"

#include <cmath>

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {

Variable abs_clip(const Variable& x) {
  const auto forward = [](real v) {
    const real size = std::abs(v);
    return size > 1 ? real{1} : size;
  };
  return Variable::from_op("abs_clip", map(x.value(), forward), {x},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             combine(dy, inputs[0].value(), [](real g, real v) {
                               const bool up = (v > 0) & (v < 1);
                               const bool down = (v < 0) & (v > -1);
                               const real rising = up ? g : real{0};
                               return down ? -g : rising;
                             });
                             inputs[0].accumulate(std::move(dy));
                           });
}

OpExamples abs_clip_examples() {
  const auto apply = [](std::span<const Variable> in) { return abs_clip(in[0]); };
  return {.gradients = {{"a map", {example_tensor({2, 3, 3, 4}, 1)}, apply, {-1, 0, 1}}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, apply}},
          .refused = {}};
}

}  // namespace fracbit::ops
