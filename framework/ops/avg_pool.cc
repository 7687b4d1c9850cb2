#include "fracbit/framework/ops/avg_pool.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Calls tap(position in y, position in x) for every tap of every window of an image; positions
/// count pixels. The taps of a window come one after another.
template <typename Tap>
void visit_taps(const Shape& x, const Shape& y, const PoolOptions& options, Tap tap) {
  for (int64_t i = 0; i < y[1]; ++i) {
    const PoolSpan rows = pool_span(i, x[1], options);
    for (int64_t j = 0; j < y[2]; ++j) {
      const PoolSpan columns = pool_span(j, x[2], options);
      for (int64_t u = rows.begin; u < rows.end; ++u) {
        for (int64_t v = columns.begin; v < columns.end; ++v) tap(i * y[2] + j, u * x[2] + v);
      }
    }
  }
}

void forward_image(const Shape& x_shape, const Shape& y_shape, const PoolOptions& options,
                   const real* x, real* y) {
  const int64_t channels = x_shape.back();
  const double share = 1 / static_cast<double>(options.kernel * options.kernel);
  std::vector<double> sums(static_cast<size_t>(y_shape.stride0()));
  visit_taps(x_shape, y_shape, options, [&](int64_t to, int64_t from) {
    double* sum = sums.data() + to * channels;
    const real* value = x + from * channels;
    for (int64_t c = 0; c < channels; ++c) sum[c] += static_cast<double>(value[c]);
  });
  for (size_t i = 0; i < sums.size(); ++i) y[i] = static_cast<real>(sums[i] * share);
}

void backward_image(const Shape& x_shape, const Shape& y_shape, const PoolOptions& options,
                    const real* dy, real* dx) {
  const int64_t channels = x_shape.back();
  const real share = static_cast<real>(1 / static_cast<double>(options.kernel * options.kernel));
  std::fill_n(dx, x_shape.stride0(), real{0});
  visit_taps(x_shape, y_shape, options, [&](int64_t from, int64_t to) {
    const real* gradient = dy + from * channels;
    real* into = dx + to * channels;
    for (int64_t c = 0; c < channels; ++c) into[c] += share * gradient[c];
  });
}

}  // namespace

Variable avg_pool(const Variable& x, const PoolOptions& options) {
  const Shape shape = pool_shape("avg_pool", x.shape(), options);
  const Shape& x_shape = x.shape();
  Tensor y = Tensor::uninitialized(shape);
  parallel_for(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      forward_image(x_shape, shape, options, x.value().data() + n * x_shape.stride0(),
                    y.data() + n * shape.stride0());
    }
  });
  return Variable::from_op(
      "avg_pool", std::move(y), {x}, [options](Tensor&& dy, std::span<Variable> inputs) {
        Tensor dx = Tensor::uninitialized(inputs[0].shape());
        parallel_for(dx.shape()[0], 1, [&](int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            backward_image(dx.shape(), dy.shape(), options, dy.data() + n * dy.shape().stride0(),
                           dx.data() + n * dx.shape().stride0());
          }
        });
        inputs[0].accumulate(std::move(dx));
      });
}

OpExamples avg_pool_examples() {
  const auto pool = [](const PoolOptions& options) {
    return [options](std::span<const Variable> in) { return avg_pool(in[0], options); };
  };
  const PoolOptions overlapping{.kernel = 3, .stride = 2, .padding_begin = 1, .padding_end = 1};
  return {
      .gradients = {{"2x2", {example_tensor({2, 4, 6, 3}, 1)}, pool({})},
                    {"overlap, padding", {example_tensor({2, 5, 6, 2}, 1)}, pool(overlapping)},
                    {"gaps", {example_tensor({1, 7, 7, 2}, 1)}, pool({.kernel = 2, .stride = 3})}},
      .large = {{"overlap", {example_tensor({9, 31, 31, 16}, 1)}, pool(overlapping)}},
      .refused = {{"no image", {Tensor::zeros({4, 4})}, pool({})},
                  {"kernel larger than the image", {Tensor::zeros({1, 1, 4, 2})}, pool({})}}};
}

}  // namespace fracbit::ops
