#include "fracbit/framework/ops/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/labels.h"

namespace fracbit::ops {
namespace {

/// Loss of one sample, and its gradient times `share` into `gradient`.
double sample_loss(const real* logits, int64_t classes, int32_t label, double smoothing,
                   double share, real* gradient) {
  const double largest = *std::max_element(logits, logits + classes);
  double sum = 0;
  double mean = 0;
  for (int64_t c = 0; c < classes; ++c) {
    sum += std::exp(logits[c] - largest);
    mean += logits[c];
  }
  const double log_sum = largest + std::log(sum);
  mean /= static_cast<double>(classes);
  const double everywhere = smoothing / static_cast<double>(classes);
  for (int64_t c = 0; c < classes; ++c) {
    gradient[c] = static_cast<real>((std::exp(logits[c] - log_sum) - everywhere) * share);
  }
  gradient[label] -= static_cast<real>((1 - smoothing) * share);
  return log_sum - (1 - smoothing) * logits[label] - smoothing * mean;
}

}  // namespace

Variable softmax_cross_entropy(const Variable& logits, std::span<const int32_t> labels,
                               double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw ConfigError("[softmax_cross_entropy] expects smoothing in [0, 1], got " +
                      std::to_string(smoothing));
  }
  check_labels("softmax_cross_entropy", logits.shape(), labels);
  const int64_t samples = logits.shape()[0];
  const int64_t classes = logits.shape()[1];
  const double share = 1 / static_cast<double>(samples);
  Tensor gradient = Tensor::uninitialized(logits.shape());
  const auto partial = [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t n = begin; n < end; ++n) {
      sum +=
          sample_loss(logits.value().data() + n * classes, classes, labels[static_cast<size_t>(n)],
                      smoothing, share, gradient.data() + n * classes);
    }
    return sum;
  };
  const int64_t grain = std::max<int64_t>(1, 4096 / classes);
  const double loss = parallel_sum(samples, grain, partial) * share;
  return Variable::from_op(
      "softmax_cross_entropy", Tensor::full({1}, static_cast<real>(loss)), {logits},
      [gradient = std::move(gradient)](Tensor&& dy, std::span<Variable> inputs) {
        const real seed = dy[0];
        inputs[0].accumulate(map(gradient, [seed](real g) { return seed * g; }));
      });
}

OpExamples softmax_cross_entropy_examples() {
  const auto loss = [](double smoothing) {
    return [smoothing](std::span<const Variable> in) {
      std::vector<int32_t> labels;
      for (int32_t n = 0; n < in[0].shape()[0]; ++n) labels.push_back(n * 7 % 5);
      return softmax_cross_entropy(in[0], labels, smoothing);
    };
  };
  return {.gradients = {{"plain", {example_tensor({6, 5}, 1)}, loss(0)},
                        {"label smoothing", {example_tensor({6, 5}, 1)}, loss(0.1)}},
          .large = {{"several blocks", {example_tensor({2000, 10}, 1)}, loss(0.1)}},
          .refused = {{"no matrix", {Tensor::zeros({6, 5, 1})}, loss(0)},
                      {"label beyond the classes", {Tensor::zeros({6, 4})}, loss(0)},
                      {"no samples", {Tensor::zeros({0, 5})}, loss(0)}}};
}

}  // namespace fracbit::ops
