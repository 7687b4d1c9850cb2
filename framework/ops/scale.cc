#include "fracbit/framework/ops/scale.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/elementwise.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

Tensor product_sum(const Tensor& x, const Tensor& dy) {
  const double sum = parallel_sum(x.size(), kElementGrain, [&](int64_t begin, int64_t end) {
    double part = 0;
    for (int64_t i = begin; i < end; ++i)
      part += static_cast<double>(x[i]) * static_cast<double>(dy[i]);
    return part;
  });
  return Tensor::full({1}, static_cast<real>(sum));
}

}  // namespace

Variable scale(const Variable& x, const Variable& s) {
  if (s.shape() != Shape{1}) {
    throw ShapeError("[scale] expects a factor of shape [1], got " + to_string(s.shape()) + " (x " +
                     to_string(x.shape()) + ")");
  }
  const auto times = [](real factor) { return [factor](real v) { return factor * v; }; };
  return Variable::from_op("scale", map(x.value(), times(s.value()[0])), {x, s},
                           [=](Tensor&& dy, std::span<Variable> inputs) {
                             if (inputs[1].requires_grad()) {
                               inputs[1].accumulate(product_sum(inputs[0].value(), dy));
                             }
                             if (inputs[0].requires_grad()) {
                               inputs[0].accumulate(map(dy, times(inputs[1].value()[0])));
                             }
                           });
}

OpExamples scale_examples() {
  const auto apply = [](std::span<const Variable> in) { return scale(in[0], in[1]); };
  const auto inputs = [](const Shape& shape) -> std::vector<Tensor> {
    return {example_tensor(shape, 1), Tensor::from({1}, {real{0.75}})};
  };
  return {.gradients = {{"scores", inputs({5, 7}), apply}},
          .large = {{"several blocks", inputs({3, 100, 333}), apply}},
          .refused = {{"two factors", {Tensor::zeros({5, 2}), Tensor::zeros({2})}, apply}}};
}

}  // namespace fracbit::ops
