#include "fracbit/framework/ops/integer_levels.h"

#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/kernels/intdot/training/training.h"
#include "fracbit/framework/ops/integer_levels/images.h"
#include "fracbit/framework/ops/integer_levels/input_gradient.h"
#include "fracbit/framework/ops/integer_levels/run.h"
#include "fracbit/framework/ops/integer_levels/weight_gradient.h"
#include "fracbit/framework/ops/matmul.h"

namespace fracbit::ops {
namespace {

using namespace integer_levels;

constexpr int kMostGradientBits = 8;

void require_linear(const Shape& x, const Shape& w) {
  if (x.rank() == 2 && w.rank() == 2 && x[1] == w[1] && w.size() > 0) return;
  throw ShapeError("[linear] expects x [N, K] and weight [F, K], got x " + to_string(x) +
                   " and weight " + to_string(w));
}

/// A dense product as one image of N rows and one column under a 1 x 1 kernel.
Conv2dGeometry rows_of_one_image(const Shape& x, const Shape& w) {
  return Conv2dGeometry("linear", {1, x[0], 1, x[1]}, {w[0], 1, 1, w[1]}, {});
}

void check_gradient(const char* op, const GradientCodes& g) {
  if (g.bits < 1 || g.bits > kMostGradientBits) {
    throw ConfigError("[" + std::string(op) + "] expects gradient codes of 1 to 8 bits, got " +
                      std::to_string(g.bits));
  }
  if (g.shape.rank() == 0 || g.codes.size() != g.shape.size() || g.scales.size() != g.shape[0]) {
    throw ShapeError("[" + std::string(op) +
                     "] expects one gradient code per element and one scale per sample, got " +
                     std::to_string(g.codes.size()) + " and " + std::to_string(g.scales.size()) +
                     " for " + to_string(g.shape));
  }
}

/// Throws ShapeError unless there is one scale, or one for each index of axis 0.
void check_scales(const char* op, const ScaledInts& operand) {
  const int64_t size = operand.scales.size();
  if (size == 1 || size == operand.ints.shape()[0]) return;
  throw ShapeError("[" + std::string(op) + "] expects one scale, or one per first axis, got " +
                   to_string(operand.scales.shape()) + " for " + to_string(operand.ints.shape()));
}

IntTensor forward(const char* op, const IntTensor& x, const IntTensor& w,
                  const Conv2dGeometry& geometry, const Shape& shape) {
  check_width(op, "x", x);
  check_width(op, "weight", w);
  check_sum(op, geometry.filter_size(), magnitude(x), magnitude(w));
  IntTensor d(shape, IntWidth::int32);
  const Format format = Format::of(x.width(), w.width());
  const Numbers inputs(x, format);
  const Numbers weights(w, format);
  const Windows windows = windows_of(geometry.forward_grid(), format);
  const int64_t image_numbers = geometry.height * geometry.width * geometry.channels;
  for (int64_t group = 0; group < geometry.options.groups; ++group) {
    const Filters filters = forward_filters(weights, geometry, format, group);
    int32_t* out = d.data<int32_t>() + group * geometry.group_filters;
    const int64_t out_step = geometry.result().stride0();
    inputs.visit([&](const auto* numbers) {
      const auto* own = numbers + group * geometry.group_channels;
      run({&windows, &filters, geometry.images,
           [&](int64_t image, uint8_t* to) {
             copy_levels(windows.image, own + image * image_numbers, geometry.channels, to);
           },
           [&](int64_t image, intdot::Product& product) { product.out = out + image * out_step; },
           format.integers()});
    });
  }
  return d;
}

std::vector<real> scales_of(const GradientCodes& g, const ScaledInts& w) {
  std::vector<real> scales;
  for (real scale : g.scales.span()) scales.push_back(scale * w.scales[0]);
  return scales;
}

Tensor weight_gradient_of(const char* op, const ScaledInts& x, const GradientCodes& g,
                          const Conv2dGeometry& geometry, const Shape& weight) {
  check_width(op, "x", x.ints);
  check_gradient(op, g);
  check_scales(op, x);
  check_sum(op, geometry.out_height * geometry.out_width, g.top(), magnitude(x.ints));
  Tensor dw = Tensor::uninitialized(weight);
  weight_gradient(x, g, geometry, dw);
  return dw;
}

void check_input_gradient(const char* op, const GradientCodes& g, const ScaledInts& w,
                          int64_t terms) {
  check_width(op, "weight", w.ints);
  check_gradient(op, g);
  check_scales(op, w);
  check_sum(op, terms, g.top(), magnitude(w.ints));
}

}  // namespace

IntTensor integer_conv2d(const IntTensor& x, const IntTensor& w, const Conv2dOptions& options) {
  const Conv2dGeometry geometry("conv2d", x.shape(), w.shape(), options);
  return forward("conv2d", x, w, geometry, geometry.result());
}

IntTensor integer_linear(const IntTensor& x, const IntTensor& w) {
  require_linear(x.shape(), w.shape());
  return forward("linear", x, w, rows_of_one_image(x.shape(), w.shape()),
                 {x.shape()[0], w.shape()[0]});
}

Tensor conv2d_input_gradient(const GradientCodes& g, const ScaledInts& w, const Shape& x,
                             const Conv2dOptions& options) {
  const Conv2dGeometry geometry("conv2d", x, w.ints.shape(), options);
  geometry.check_gradient("conv2d", g.shape);
  check_input_gradient("conv2d", g, w, geometry.taps() * geometry.group_filters);
  if (w.scales.size() != 1) return conv2d_input_gradient(values(g), values(w), x, options);
  Tensor dx = Tensor::uninitialized(x);
  input_gradient(g, w.ints, geometry, scales_of(g, w), dx);
  return dx;
}

Tensor conv2d_weight_gradient(const ScaledInts& x, const GradientCodes& g, const Shape& weight,
                              const Conv2dOptions& options) {
  const Conv2dGeometry geometry("conv2d", x.ints.shape(), weight, options);
  geometry.check_gradient("conv2d", g.shape);
  return weight_gradient_of("conv2d", x, g, geometry, weight);
}

Tensor linear_input_gradient(const GradientCodes& g, const ScaledInts& w) {
  const Shape& weight = w.ints.shape();
  if (g.shape.rank() != 2 || weight.rank() != 2 || g.shape[1] != weight[0] || weight.size() == 0) {
    throw ShapeError("[linear] expects dy [N, F] and weight [F, K], got " + to_string(g.shape) +
                     " and " + to_string(weight));
  }
  const Shape x{g.shape[0], weight[1]};
  check_input_gradient("linear", g, w, weight[0]);
  if (w.scales.size() != 1) return linear_input_gradient(values(g), values(w));
  Tensor dx = Tensor::uninitialized(x);
  input_gradient(g, w.ints, rows_of_one_image(x, weight), scales_of(g, w), dx);
  return dx;
}

Tensor linear_weight_gradient(const ScaledInts& x, const GradientCodes& g) {
  const Shape& shape = x.ints.shape();
  if (g.shape.rank() != 2 || shape.rank() != 2 || g.shape[0] != shape[0] || shape[1] == 0 ||
      g.shape[1] == 0) {
    throw ShapeError("[linear] expects x [N, K] and dy [N, F], got " + to_string(shape) + " and " +
                     to_string(g.shape));
  }
  const Shape weight{g.shape[1], shape[1]};
  const Conv2dGeometry samples("linear", {shape[0], 1, 1, shape[1]}, {weight[0], 1, 1, weight[1]},
                               {});
  return weight_gradient_of("linear", x, g, samples, weight);
}

std::string integer_product_name(IntWidth width) {
  const bool bytes = Format::of(width, width).bytes;
  return std::string(width == IntWidth::int8 ? "int8" : "int16") +
         (bytes || width == IntWidth::int16 ? " dot (" : " dot as int16 (") +
         active_kernels().name + ")";
}

std::string linear_weight_gradient_name() {
  return "outer products (" + std::string(active_kernels().name) + ")";
}

}  // namespace fracbit::ops
