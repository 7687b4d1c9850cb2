#include "fracbit/framework/ops/prelu.h"

#include <numeric>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// One slope per channel.
std::vector<real> spread(const Tensor& slope, int64_t channels) {
  if (slope.size() == channels) return {slope.data(), slope.data() + channels};
  return std::vector<real>(static_cast<size_t>(channels), slope[0]);
}

/// to = x > 0 ? from : slope from; `to` may be `from`.
void bend(const Tensor& x, const std::vector<real>& slope, const real* from, real* to) {
  const ChannelRows view(x.shape());
  const real* values = x.data();
  const real* slopes = slope.data();
  parallel_for(view.rows, view.grain, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * view.channels;
      for (int64_t c = 0; c < view.channels; ++c) {
        const real bent = slopes[c] * from[at + c];
        to[at + c] = values[at + c] > 0 ? from[at + c] : bent;
      }
    }
  });
}

Tensor slope_gradient(const Tensor& dy, const Tensor& x, const Shape& slope) {
  const ChannelRows view(x.shape());
  const auto term = [&, channels = view.channels](int64_t row, real* __restrict into) {
    const real* g = dy.data() + row * channels;
    const real* v = x.data() + row * channels;
    for (int64_t c = 0; c < channels; ++c) into[c] += v[c] > 0 ? real{0} : g[c] * v[c];
  };
  const std::vector<double> sums = sum_rows(view, view.channels, term);
  Tensor gradient = Tensor::uninitialized(slope);
  if (slope.size() == view.channels) {
    for (int64_t c = 0; c < slope.size(); ++c) {
      gradient[c] = static_cast<real>(sums[static_cast<size_t>(c)]);
    }
  } else {
    gradient[0] = static_cast<real>(std::accumulate(sums.begin(), sums.end(), 0.0));
  }
  return gradient;
}

}  // namespace

Variable prelu(const Variable& x, const Variable& slope) {
  const bool fits = x.shape().rank() > 0 && slope.shape().rank() == 1 &&
                    (slope.value().size() == 1 || slope.value().size() == x.shape().back());
  if (!fits) {
    throw ShapeError("[prelu] expects slope [1] or one per channel, got " +
                     to_string(slope.shape()) + " (x " + to_string(x.shape()) + ")");
  }
  Tensor y = Tensor::uninitialized(x.shape());
  bend(x.value(), spread(slope.value(), x.shape().back()), x.value().data(), y.data());
  return Variable::from_op(
      "prelu", std::move(y), {x, slope}, [](Tensor&& dy, std::span<Variable> inputs) {
        const Tensor& values = inputs[0].value();
        const Tensor& slopes = inputs[1].value();
        if (inputs[1].requires_grad()) {
          inputs[1].accumulate(slope_gradient(dy, values, slopes.shape()));
        }
        if (inputs[0].requires_grad()) {
          bend(values, spread(slopes, values.shape().back()), dy.data(), dy.data());
          inputs[0].accumulate(std::move(dy));
        }
      });
}

OpExamples prelu_examples() {
  const auto apply = [](std::span<const Variable> in) { return prelu(in[0], in[1]); };
  const auto inputs = [](const Shape& shape, int64_t slopes) -> std::vector<Tensor> {
    return {example_tensor(shape, 1), example_tensor({slopes}, 2, -0.3, 0.9)};
  };
  return {.gradients = {{"one slope", inputs({2, 3, 3, 4}, 1), apply, {0}},
                        {"a slope per channel", inputs({2, 3, 3, 4}, 4), apply, {0}}},
          .large = {{"one slope", inputs({9, 20, 20, 64}, 1), apply},
                    {"a slope per channel", inputs({9, 20, 20, 64}, 64), apply}},
          .refused = {{"slopes of other channels", inputs({2, 4}, 3), apply},
                      {"a scalar", {Tensor::zeros(Shape{}), Tensor::zeros({1})}, apply}}};
}

}  // namespace fracbit::ops
