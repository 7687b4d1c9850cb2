#include "fracbit/framework/ops/examples.h"

#include <utility>

#include "fracbit/framework/random.h"
#include "framework/ops/catalogue.inc"

namespace fracbit::ops {

#define FRACBIT_DECLARE_EXAMPLES(name) OpExamples name##_examples();
FRACBIT_OPS(FRACBIT_DECLARE_EXAMPLES)
#undef FRACBIT_DECLARE_EXAMPLES

Tensor example_tensor(const Shape& shape, uint64_t seed, double low, double high) {
  const Random random(seed, 0, 0, Purpose::synthetic_data);
  Tensor tensor = Tensor::uninitialized(shape);
  const int64_t n = tensor.size();
  const double step = (high - low) / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) {
    tensor[i] = static_cast<real>(low + step * (static_cast<double>(i) + 0.5));
  }
  for (int64_t i = n - 1; i > 0; --i) std::swap(tensor[i], tensor[random.below(i, i + 1)]);
  return tensor;
}

std::vector<NamedOpExamples> op_examples() {
#define FRACBIT_NAMED_EXAMPLES(name) {#name, name##_examples()},
  return {FRACBIT_OPS(FRACBIT_NAMED_EXAMPLES)};
#undef FRACBIT_NAMED_EXAMPLES
}

}  // namespace fracbit::ops
