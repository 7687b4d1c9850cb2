#include "fracbit/framework/ops/global_avg_pool.h"

#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

void mean_of_pixels(const real* image, int64_t pixels, int64_t channels, real* y) {
  std::vector<double> sums(static_cast<size_t>(channels));
  add_channel_sums(image, pixels, channels, sums.data());
  for (int64_t c = 0; c < channels; ++c) {
    y[c] = static_cast<real>(sums[static_cast<size_t>(c)] / static_cast<double>(pixels));
  }
}

void spread_over_pixels(const real* dy, int64_t pixels, int64_t channels, real* image) {
  const real share = static_cast<real>(1 / static_cast<double>(pixels));
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int64_t c = 0; c < channels; ++c) image[pixel * channels + c] = share * dy[c];
  }
}

}  // namespace

Variable global_avg_pool(const Variable& x) {
  const Shape& shape = x.shape();
  if (shape.rank() != 4 || shape[1] * shape[2] == 0) {
    throw ShapeError("[global_avg_pool] expects images [N, H, W, C], got shape " +
                     to_string(shape));
  }
  const int64_t pixels = shape[1] * shape[2];
  const int64_t channels = shape[3];
  Tensor y = Tensor::uninitialized({shape[0], channels});
  parallel_for(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      mean_of_pixels(x.value().data() + n * shape.stride0(), pixels, channels,
                     y.data() + n * channels);
    }
  });
  return Variable::from_op("global_avg_pool", std::move(y), {x},
                           [=](Tensor&& dy, std::span<Variable> inputs) {
                             Tensor dx = Tensor::uninitialized(inputs[0].shape());
                             parallel_for(dx.shape()[0], 1, [&](int64_t begin, int64_t end) {
                               for (int64_t n = begin; n < end; ++n) {
                                 spread_over_pixels(dy.data() + n * channels, pixels, channels,
                                                    dx.data() + n * pixels * channels);
                               }
                             });
                             inputs[0].accumulate(std::move(dx));
                           });
}

OpExamples global_avg_pool_examples() {
  const auto apply = [](std::span<const Variable> in) { return global_avg_pool(in[0]); };
  return {.gradients = {{"a map", {example_tensor({3, 5, 4, 6}, 1)}, apply}},
          .large = {{"several images", {example_tensor({9, 20, 20, 64}, 1)}, apply}},
          .refused = {{"no image", {Tensor::zeros({4, 4})}, apply},
                      {"no pixels", {Tensor::zeros({4, 0, 4, 2})}, apply}}};
}

}  // namespace fracbit::ops
