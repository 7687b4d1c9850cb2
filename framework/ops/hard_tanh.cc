#include "fracbit/framework/ops/hard_tanh.h"

#include "fracbit/framework/ops/clip.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {

Variable hard_tanh(const Variable& x) {
  return clip(x, -1, 1);
}

OpExamples hard_tanh_examples() {
  const auto apply = [](std::span<const Variable> in) { return hard_tanh(in[0]); };
  return {.gradients = {{"a map", {example_tensor({2, 3, 3, 4}, 1)}, apply, {-1, 1}}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, apply}},
          .refused = {}};
}

}  // namespace fracbit::ops
