#include "fracbit/framework/ops/squared_hinge.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/labels.h"

namespace fracbit::ops {
namespace {

/// Sum of the losses of one sample, and their gradients times `share` into `gradient`.
double sample_loss(const real* scores, int64_t classes, int32_t label, double share,
                   real* gradient) {
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    const double target = c == label ? 1 : -1;
    const double margin = 1 - target * static_cast<double>(scores[c]);
    const double violation = margin < 0 ? 0 : margin;
    gradient[c] = static_cast<real>(-2 * target * violation * share);
    sum += violation * violation;
  }
  return sum;
}

}  // namespace

Variable squared_hinge(const Variable& scores, std::span<const int32_t> labels) {
  check_labels("squared_hinge", scores.shape(), labels);
  const int64_t classes = scores.shape()[1];
  const double share = 1 / static_cast<double>(scores.value().size());
  Tensor gradient = Tensor::uninitialized(scores.shape());
  const auto partial = [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t n = begin; n < end; ++n) {
      sum += sample_loss(scores.value().data() + n * classes, classes,
                         labels[static_cast<size_t>(n)], share, gradient.data() + n * classes);
    }
    return sum;
  };
  const int64_t grain = std::max<int64_t>(1, kElementGrain / classes);
  const double loss = parallel_sum(scores.shape()[0], grain, partial) * share;
  return Variable::from_op(
      "squared_hinge", Tensor::full({1}, static_cast<real>(loss)), {scores},
      [gradient = std::move(gradient)](Tensor&& dy, std::span<Variable> inputs) {
        const real seed = dy[0];
        inputs[0].accumulate(map(gradient, [seed](real g) { return seed * g; }));
      });
}

OpExamples squared_hinge_examples() {
  const auto apply = [](std::span<const Variable> in) {
    std::vector<int32_t> labels;
    for (int32_t n = 0; n < in[0].shape()[0]; ++n) labels.push_back(n * 7 % 5);
    return squared_hinge(in[0], labels);
  };
  return {.gradients = {{"scores", {example_tensor({6, 5}, 1)}, apply, {-1, 1}}},
          .large = {{"several blocks", {example_tensor({20000, 10}, 1)}, apply}},
          .refused = {{"no matrix", {Tensor::zeros({6, 5, 1})}, apply},
                      {"label beyond the classes", {Tensor::zeros({6, 4})}, apply}}};
}

}  // namespace fracbit::ops
