#include "fracbit/framework/ops/conv2d.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/ops/column_sums.h"
#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/few_channels.h"
#include "fracbit/framework/ops/padded.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/tap_outer.h"
#include "fracbit/framework/ops/tap_product.h"
#include "fracbit/framework/ops/winograd.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/profile.h"

namespace fracbit::ops {
namespace {

WinogradShape winograd_shape(const Conv2dGeometry& g) {
  return {.kernel = g.kernel_height,
          .images = g.images,
          .height = g.height,
          .width = g.width,
          .channels = g.channels,
          .out_height = g.out_height,
          .out_width = g.out_width,
          .filters = g.filters,
          .offset = g.options.padding_begin};
}

/// x as the result of dy, by weights that are turned about.
WinogradShape winograd_input_shape(const Conv2dGeometry& g) {
  return {.kernel = g.kernel_height,
          .images = g.images,
          .height = g.out_height,
          .width = g.out_width,
          .channels = g.filters,
          .out_height = g.height,
          .out_width = g.width,
          .filters = g.channels,
          .offset = g.kernel_height - 1 - g.options.padding_begin};
}

bool takes_winograd(const Conv2dGeometry& g, const WinogradShape& shape) {
  return (g.kernel_height == 3 || g.kernel_height == 5) && g.kernel_width == g.kernel_height &&
         g.options.stride == 1 && g.options.groups == 1 && !g.options.exact && winograd_fits(shape);
}

/// The weights of one group as the right operand of dy: [tap][filter] rows of channels.
Panels turned_weights(const Conv2dGeometry& g, const std::vector<int64_t>& taps,
                      const real* weight) {
  std::vector<const real*> rows;
  rows.reserve(taps.size() * static_cast<size_t>(g.group_filters));
  for (const int64_t tap : taps) {
    for (int64_t f = 0; f < g.group_filters; ++f) {
      rows.push_back(weight + f * g.filter_size() + tap * g.group_channels);
    }
  }
  return pack_columns(rows, g.group_channels);
}

GradientRows rows_of(const Tensor& dy) {
  const Shape& s = dy.shape();
  return {.rows = [&dy, row = s[2] * s[3], height = s[1]](int64_t image, int64_t begin, int64_t,
                                                          real*) -> const real* {
    return dy.data() + (image * height + begin) * row;
  }};
}

void direct_weight_gradient(const Conv2dGeometry& g, const Tensor& x, const Tensor& dy, real* dw) {
  TapOuter s;
  s.images = g.images, s.dy_height = g.out_height, s.dy_width = g.out_width;
  s.dy_pixel = g.filters, s.filters = g.group_filters;
  s.height = g.height, s.width = g.width, s.pixel = g.channels, s.length = g.group_channels;
  s.step = g.options.stride, s.padding = g.options.padding_begin;
  s.tap_rows = g.kernel_height, s.tap_columns = g.kernel_width;
  Tensor dy_copy;
  if (reads_past_dy(s)) dy_copy = padded_copy(dy, 0, 0, tap_outer_slack());
  const real* dy_data = dy_copy.empty() ? dy.data() : dy_copy.data();
  for (int64_t group = 0; group < g.options.groups; ++group) {
    tap_outer(s, dy_data + group * g.group_filters, x.data() + group * g.group_channels,
              dw + group * g.group_filters * g.filter_size());
  }
}

}  // namespace

Tensor conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                      const Conv2dOptions& options, PixelPass* pass) {
  const Conv2dGeometry g("conv2d", x.shape(), weight.shape(), options);
  g.check_bias("conv2d", bias);
  Tensor y = Tensor::uninitialized(g.result());
  if (const WinogradShape shape = winograd_shape(g); takes_winograd(g, shape)) {
    winograd_product(shape, x.data(), weight.data(), bias == nullptr ? nullptr : bias->data(),
                     y.data(), pass);
    return y;
  }
  if (has_few_channels(g)) {
    FewChannelsProduct(g, x, weight).all(bias == nullptr ? nullptr : bias->data(), y.data(), pass);
    return y;
  }
  const TapGrid grid = g.forward_grid();
  for (int64_t group = 0; group < options.groups; ++group) {
    const int64_t filter = group * g.group_filters;
    const Panels panels = pack_rows(weight.data() + filter * g.filter_size(), g.filter_size(),
                                    g.group_filters, g.filter_size());
    tap_product(grid, x.data() + group * g.group_channels, panels,
                bias == nullptr ? nullptr : bias->data() + filter, y.data() + filter,
                options.groups == 1 ? pass : nullptr);
  }
  if (pass != nullptr && options.groups > 1) pass_over(y, *pass);
  return y;
}

bool conv2d_makes_pixels(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
  const Conv2dGeometry g("conv2d", x, weight, options);
  return has_few_channels(g) && !takes_winograd(g, winograd_shape(g));
}

MakePixels conv2d_pixels(const Tensor& x, const Tensor& weight, const Conv2dOptions& options) {
  const Conv2dGeometry g("conv2d", x.shape(), weight.shape(), options);
  return [product = std::make_shared<const FewChannelsProduct>(g, x, weight)](
             int64_t begin, int64_t end, real* to) { product->pixels(begin, end, to); };
}

Tensor conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                             const Conv2dOptions& options) {
  const Conv2dGeometry g("conv2d", x, weight.shape(), options);
  g.check_gradient("conv2d", dy.shape());
  Tensor dx = Tensor::uninitialized(x);
  if (const WinogradShape shape = winograd_input_shape(g); takes_winograd(g, shape)) {
    winograd_turned_product(shape, dy.data(), weight.data(), dx.data());
    return dx;
  }
  for (const Conv2dPhase& phase : conv2d_phases(g)) {
    for (int64_t group = 0; group < options.groups; ++group) {
      const int64_t filter = group * g.group_filters;
      tap_product(phase.grid, dy.data() + filter,
                  turned_weights(g, phase.taps, weight.data() + filter * g.filter_size()), nullptr,
                  dx.data() + group * g.group_channels);
    }
  }
  return dx;
}

Tensor conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                              const Conv2dOptions& options) {
  const Conv2dGeometry g("conv2d", x.shape(), weight, options);
  g.check_gradient("conv2d", dy.shape());
  Tensor dw = Tensor::uninitialized(weight);
  if (has_few_channels(g)) {
    few_channels_weight_gradient(g, x, rows_of(dy), dw.data());
  } else if (const WinogradShape shape = winograd_shape(g); takes_winograd(g, shape)) {
    winograd_weight_gradient(shape, x.data(), dy.data(), dw.data());
  } else {
    direct_weight_gradient(g, x, dy, dw.data());
  }
  return dw;
}

bool conv2d_takes_rows(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
  return has_few_channels(Conv2dGeometry("conv2d", x, weight, options));
}

Tensor conv2d_weight_gradient(const Tensor& x, const GradientRows& dy, const Shape& weight,
                              const Conv2dOptions& options) {
  const Conv2dGeometry g("conv2d", x.shape(), weight, options);
  Tensor dw = Tensor::uninitialized(weight);
  few_channels_weight_gradient(g, x, dy, dw.data());
  return dw;
}

Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const Conv2dOptions& options) {
  Tensor y =
      conv2d_forward(x.value(), weight.value(), bias.defined() ? &bias.value() : nullptr, options);
  const Work work = product_work(x.shape(), weight.shape(), y.shape());
  Profile::note(work);
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return Variable::from_op(
      "conv2d", std::move(y), std::move(inputs),
      [options, work](Tensor&& dy, std::span<Variable> in) {
        if (in[1].requires_grad()) {
          const Profile::Span span(Phase::weight_gradient, work);
          in[1].accumulate(conv2d_weight_gradient(in[0].value(), dy, in[1].shape(), options));
        }
        if (in.size() > 2 && in[2].requires_grad()) in[2].accumulate(column_sums(dy));
        if (in[0].requires_grad()) {
          const Profile::Span span(Phase::input_gradient, work);
          in[0].accumulate(conv2d_input_gradient(dy, in[1].value(), in[0].shape(), options));
        }
      });
}

namespace {

OpExample example(std::string name, const Shape& x, const Shape& weight, bool with_bias,
                  const Conv2dOptions& options) {
  OpExample made;
  made.name = std::move(name);
  made.inputs = {example_tensor(x, 1), example_tensor(weight, 2)};
  if (with_bias) made.inputs.push_back(example_tensor({weight.rank() > 0 ? weight[0] : 1}, 3));
  made.apply = [options](std::span<const Variable> in) {
    return conv2d(in[0], in[1], in.size() > 2 ? in[2] : Variable(), options);
  };
  return made;
}

}  // namespace

OpExamples conv2d_examples() {
  OpExamples made;
  made.gradients = {
      example("3x3 with padding and bias", {2, 5, 4, 2}, {3, 3, 3, 2}, true,
              {.padding_begin = 1, .padding_end = 1}),
      example("stride 2, padding at the end only", {1, 6, 6, 1}, {2, 3, 3, 1}, false,
              {.stride = 2, .padding_end = 1}),
      example("stride 3 above the kernel", {1, 7, 8, 2}, {3, 2, 2, 2}, true, {.stride = 3}),
      example("1x1", {2, 3, 3, 5}, {7, 1, 1, 5}, true, {}),
      example("two groups", {1, 4, 4, 6}, {4, 3, 3, 3}, false,
              {.padding_begin = 1, .padding_end = 1, .groups = 2}),
      example("padding wider than the kernel", {1, 2, 3, 2}, {2, 2, 2, 2}, false,
              {.stride = 2, .padding_begin = 3, .padding_end = 2}),
  };
  made.large = {
      example("3x3, direct", {4, 16, 16, 12}, {40, 3, 3, 12}, true,
              {.padding_begin = 1, .padding_end = 1}),
      example("3x3, filters shared out", {8, 7, 7, 16}, {256, 3, 3, 16}, true,
              {.padding_begin = 1, .padding_end = 1}),
      example("3x3", {4, 16, 16, 24}, {40, 3, 3, 24}, true, {.padding_begin = 1, .padding_end = 1}),
      example("3x3, sums in parts", {32, 32, 32, 16}, {16, 3, 3, 16}, false,
              {.padding_begin = 1, .padding_end = 1}),
      example("5x5", {4, 14, 14, 16}, {18, 5, 5, 16}, true, {.padding_begin = 2, .padding_end = 2}),
      example("first layer", {3, 20, 20, 3}, {16, 5, 5, 3}, true, {.stride = 2}),
      example("groups", {2, 13, 13, 8}, {12, 3, 3, 4}, false, {.stride = 2, .groups = 2}),
  };
  made.refused = {
      example("rank", {4, 4, 2}, {3, 3, 3, 2}, false, {}),
      example("channels", {1, 4, 4, 2}, {3, 3, 3, 4}, false, {}),
      example("filters in groups", {1, 4, 4, 4}, {3, 3, 3, 2}, false, {.groups = 2}),
      example("kernel above the image", {1, 4, 2, 2}, {3, 3, 3, 2}, false, {}),
      example("empty weight", {1, 4, 2, 2}, {3, 0, 3, 2}, false, {}),
  };
  return made;
}

}  // namespace fracbit::ops
