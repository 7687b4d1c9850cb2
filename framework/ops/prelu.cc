#include "fracbit/framework/ops/prelu.h"

#include <numeric>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/examples.h"

namespace fracbit::ops {
namespace {

/// One slope per channel.
std::vector<real> spread(const Tensor& slope, int64_t channels) {
  if (slope.size() == channels) return {slope.data(), slope.data() + channels};
  return std::vector<real>(static_cast<size_t>(channels), slope[0]);
}

void forward_row(const real* __restrict x, const real* __restrict slope, int64_t channels,
                 real* __restrict y) {
  for (int64_t c = 0; c < channels; ++c) {
    const real above = x[c] > 0 ? x[c] : real{0};
    const real below = x[c] > 0 ? real{0} : x[c];
    y[c] = above + slope[c] * below;
  }
}

/// In place over dy.
void backward_row(const real* __restrict x, const real* __restrict slope, int64_t channels,
                  real* __restrict dy) {
  for (int64_t c = 0; c < channels; ++c) {
    const real above = x[c] > 0 ? dy[c] : real{0};
    const real below = x[c] > 0 ? real{0} : dy[c];
    dy[c] = above + slope[c] * below;
  }
}

/// row_function(row of x, slopes, channels, row of out) for all rows.
template <typename RowFunction>
void for_rows(const Tensor& x, const Tensor& slope, Tensor& out, RowFunction row_function) {
  const ChannelRows view(x.shape());
  const std::vector<real> slopes = spread(slope, view.channels);
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * view.channels;
      row_function(x.data() + at, slopes.data(), view.channels, out.data() + at);
    }
  });
}

Tensor slope_gradient(const Tensor& dy, const Tensor& x, const Shape& slope) {
  const ChannelRows view(x.shape());
  const auto block = [&, channels = view.channels](int64_t begin, int64_t end, double* into) {
    const real* g = dy.data() + begin * channels;
    const real* v = x.data() + begin * channels;
    add_terms(end - begin, channels, into, [=](int64_t at, int64_t) {
      const real below = v[at] > 0 ? real{0} : v[at];
      return g[at] * below;
    });
  };
  const std::vector<double> sums = sum_blocks(view, view.channels, block);
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
  for_rows(x.value(), slope.value(), y, forward_row);
  return Variable::from_op("prelu", std::move(y), {x, slope},
                           [](Tensor&& dy, std::span<Variable> inputs) {
                             const Tensor& values = inputs[0].value();
                             const Tensor& slopes = inputs[1].value();
                             if (inputs[1].requires_grad()) {
                               inputs[1].accumulate(slope_gradient(dy, values, slopes.shape()));
                             }
                             if (inputs[0].requires_grad()) {
                               for_rows(values, slopes, dy, backward_row);
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
