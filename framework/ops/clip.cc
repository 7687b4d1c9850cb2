#include "fracbit/framework/ops/clip.h"

#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {

Variable clip(const Variable& x, real low, real high) {
  if (!(low < high)) {
    throw ConfigError("[clip] expects low < high, got " + std::to_string(low) + " and " +
                      std::to_string(high));
  }
  const auto forward = [=](real v) {
    const real raised = v < low ? low : v;
    return raised > high ? high : raised;
  };
  return Variable::from_op("clip", map(x.value(), forward), {x},
                           [=](Tensor&& dy, std::span<Variable> inputs) {
                             combine(dy, inputs[0].value(), [=](real g, real v) {
                               const bool inside = (v >= low) & (v <= high);
                               return inside ? g : real{0};
                             });
                             inputs[0].accumulate(std::move(dy));
                           });
}

OpExamples clip_examples() {
  const auto apply = [](std::span<const Variable> in) { return clip(in[0], real{-0.5}, real{1}); };
  return {.gradients = {{"a map", {example_tensor({2, 3, 3, 4}, 1)}, apply, {-0.5, 1}}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, apply}},
          .refused = {}};
}

}  // namespace fracbit::ops
