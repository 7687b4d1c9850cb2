#include "fracbit/framework/ops/dropout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

/// to = from / (1 - p) where kept, else 0; `to` may be `from`.
void drop(const real* from, real* to, int64_t n, double p, const Random& random) {
  // uniform(i) >= p, in the 24 bits that uniform is made of, and without a branch.
  const auto first_kept = static_cast<uint32_t>(std::ceil(p * 0x1p24));
  const std::array<real, 2> factors{0, static_cast<real>(1 / (1 - p))};
  static_assert(kElementGrain % 4 == 0, "blocks begin at whole counters of the generator");
  parallel_for(n, kElementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += 4) {
      const auto words = random.block(at / 4);
      for (int64_t i = at; i < std::min(end, at + 4); ++i) {
        to[i] = from[i] * factors[(words[static_cast<size_t>(i - at)] >> 8) >= first_kept];
      }
    }
  });
}

}  // namespace

Variable dropout(const Variable& x, double p, const Random& random) {
  if (!(p >= 0 && p < 1)) {
    throw ConfigError("[dropout] expects a probability in [0, 1), got " + std::to_string(p));
  }
  Tensor y = Tensor::uninitialized(x.shape());
  drop(x.value().data(), y.data(), y.size(), p, random);
  return Variable::from_op("dropout", std::move(y), {x},
                           [p, random](Tensor&& dy, std::span<Variable> inputs) {
                             drop(dy.data(), dy.data(), dy.size(), p, random);
                             inputs[0].accumulate(std::move(dy));
                           });
}

OpExamples dropout_examples() {
  const auto apply = [](std::span<const Variable> in) {
    return dropout(in[0], 0.4, Random(7, 3, 11, Purpose::dropout));
  };
  return {.gradients = {{"not a multiple of four", {example_tensor({3, 15}, 1)}, apply}},
          .large = {{"several blocks", {example_tensor({3, 100, 333}, 1)}, apply}},
          .refused = {}};
}

}  // namespace fracbit::ops
