#include "fracbit/framework/ops/conv2d.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/column_sums.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/tap_outer.h"
#include "fracbit/framework/ops/tap_product.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// With fewer channels the taps of a kernel row are read as one: they are contiguous in x if x has
/// its padding in memory.
constexpr int64_t kFewChannels = 16;

std::string both(const Shape& x, const Shape& weight) {
  return " (x " + to_string(x) + ", weight " + to_string(weight) + ")";
}

void check_options(const Conv2dOptions& options) {
  if (options.stride <= 0 || options.groups <= 0) {
    throw ConfigError("[conv2d] expects a positive stride and groups, got " +
                      std::to_string(options.stride) + " and " + std::to_string(options.groups));
  }
  if (options.padding_begin < 0 || options.padding_end < 0) {
    throw ConfigError("[conv2d] expects paddings that are not negative, got " +
                      std::to_string(options.padding_begin) + " and " +
                      std::to_string(options.padding_end));
  }
}

void check_ranks(const Shape& x, const Shape& weight) {
  if (x.rank() != 4 || weight.rank() != 4) {
    throw ShapeError("[conv2d] expects x [N, H, W, C] and weight [F, KH, KW, C / groups], got" +
                     both(x, weight));
  }
  if (weight[0] == 0 || weight[1] == 0 || weight[2] == 0 || weight[3] == 0) {
    throw ShapeError("[conv2d] expects a weight that is not empty, got" + both(x, weight));
  }
}

/// Extents by name.
struct Geometry {
  int64_t images, height, width, channels;
  int64_t filters, kernel_height, kernel_width, group_channels, group_filters;
  int64_t out_height, out_width;

  Geometry(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
    const Shape y = conv2d_shape(x, weight, options);
    images = x[0], height = x[1], width = x[2], channels = x[3];
    filters = weight[0], kernel_height = weight[1], kernel_width = weight[2];
    group_channels = weight[3], group_filters = filters / options.groups;
    out_height = y[1], out_width = y[2];
  }
  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t filter_size() const { return taps() * group_channels; }
  bool merges(const Conv2dOptions& options) const {
    return options.groups == 1 && kernel_width > 1 && channels < kFewChannels;
  }
};

/// x with zeros around each image, and room for `slack` more reals.
Tensor padded_copy(const Tensor& x, int64_t begin, int64_t end, int64_t slack) {
  const Shape& s = x.shape();
  const int64_t row = s[2] * s[3];
  const int64_t height = s[1] + begin + end;
  const int64_t padded_row = (s[2] + begin + end) * s[3];
  Tensor padded = Tensor::uninitialized({s[0] * height * padded_row + slack});
  parallel_for(s[0] * height, 64, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      real* to = padded.data() + i * padded_row;
      const int64_t source_row = i % height - begin;
      if (source_row < 0 || source_row >= s[1]) {
        std::fill(to, to + padded_row, real{0});
        continue;
      }
      std::fill(to, to + begin * s[3], real{0});
      std::copy_n(x.data() + (i / height * s[1] + source_row) * row, row, to + begin * s[3]);
      std::fill(to + begin * s[3] + row, to + padded_row, real{0});
    }
  });
  std::fill(padded.data() + padded.size() - slack, padded.data() + padded.size(), real{0});
  return padded;
}

std::vector<int64_t> count_from(int64_t first, int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) numbers[static_cast<size_t>(i)] = first + i;
  return numbers;
}

TapGrid forward_grid(const Geometry& g, const Conv2dOptions& options) {
  TapGrid grid;
  grid.images = g.images, grid.rows = g.out_height, grid.columns = g.out_width;
  grid.height = g.height, grid.width = g.width, grid.pixel = g.channels;
  grid.length = g.group_channels, grid.step = options.stride;
  grid.tap_rows = count_from(-options.padding_begin, g.kernel_height);
  grid.tap_columns = count_from(-options.padding_begin, g.kernel_width);
  grid.y_height = g.out_height, grid.y_width = g.out_width, grid.y_pixel = g.filters;
  return grid;
}

/// Pixels of one parity: those of x that the same taps reach, h + padding = phase (mod stride).
struct Phase {
  int64_t first;                 ///< the first such row of x
  int64_t count;                 ///< how many rows
  std::vector<int64_t> taps;     ///< kernel rows that reach them
  std::vector<int64_t> dy_rows;  ///< row of dy that each tap takes to the first row of x
};

Phase find_phase(int64_t phase, int64_t extent, int64_t kernel, const Conv2dOptions& options) {
  const int64_t stride = options.stride;
  Phase found;
  found.first = ((phase - options.padding_begin) % stride + stride) % stride;
  found.count = found.first < extent ? (extent - found.first + stride - 1) / stride : 0;
  for (int64_t tap = phase; tap < kernel; tap += stride) {
    found.taps.push_back(tap);
    found.dy_rows.push_back((found.first + options.padding_begin - tap) / stride);
  }
  return found;
}

/// The gradient of one parity of pixels and one group: a product of dy with the weights turned.
void phase_input_gradient(const Geometry& g, int64_t group, const Phase& rows, const Phase& columns,
                          const Conv2dOptions& options, const Tensor& dy, const Tensor& weight,
                          Tensor& dx) {
  TapGrid grid;
  grid.images = g.images, grid.rows = rows.count, grid.columns = columns.count;
  grid.height = g.out_height, grid.width = g.out_width, grid.pixel = g.filters;
  grid.length = g.group_filters;
  grid.tap_rows = rows.dy_rows, grid.tap_columns = columns.dy_rows;
  grid.y_height = g.height, grid.y_width = g.width, grid.y_pixel = g.channels;
  grid.y_step = options.stride, grid.y_row = rows.first, grid.y_column = columns.first;
  std::vector<const real*> weights;
  for (const int64_t u : rows.taps) {
    for (const int64_t v : columns.taps) {
      for (int64_t f = 0; f < g.group_filters; ++f) {
        weights.push_back(weight.data() + (group * g.group_filters + f) * g.filter_size() +
                          (u * g.kernel_width + v) * g.group_channels);
      }
    }
  }
  tap_product(grid, dy.data() + group * g.group_filters, pack_columns(weights, g.group_channels),
              nullptr, dx.data() + group * g.group_channels);
}

void check_gradient(const Shape& x, const Shape& weight, const Shape& dy,
                    const Conv2dOptions& options) {
  const Shape expected = conv2d_shape(x, weight, options);
  if (dy == expected) return;
  throw ShapeError("[conv2d] expects dy " + to_string(expected) + ", got " + to_string(dy) +
                   both(x, weight));
}

}  // namespace

Shape conv2d_shape(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
  check_options(options);
  check_ranks(x, weight);
  if (x[3] != weight[3] * options.groups) {
    throw ShapeError("[conv2d] expects " + std::to_string(weight[3] * options.groups) +
                     " input channels, got " + std::to_string(x[3]) + both(x, weight));
  }
  if (weight[0] % options.groups != 0) {
    throw ShapeError("[conv2d] expects filters in " + std::to_string(options.groups) +
                     " equal groups, got " + std::to_string(weight[0]) + both(x, weight));
  }
  const int64_t padding = options.padding_begin + options.padding_end;
  if (weight[1] > x[1] + padding || weight[2] > x[2] + padding) {
    throw ShapeError("[conv2d] expects a kernel that fits into the image with padding " +
                     std::to_string(options.padding_begin) + " + " +
                     std::to_string(options.padding_end) + ", got" + both(x, weight));
  }
  return {x[0], (x[1] + padding - weight[1]) / options.stride + 1,
          (x[2] + padding - weight[2]) / options.stride + 1, weight[0]};
}

Tensor conv2d_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                      const Conv2dOptions& options) {
  const Geometry g(x.shape(), weight.shape(), options);
  if (bias != nullptr && bias->shape() != Shape{g.filters}) {
    throw ShapeError("[conv2d] expects a bias " + to_string(Shape{g.filters}) + ", got " +
                     to_string(bias->shape()) + both(x.shape(), weight.shape()));
  }
  Tensor y = Tensor::uninitialized({g.images, g.out_height, g.out_width, g.filters});
  TapGrid grid = forward_grid(g, options);
  Tensor padded;
  if (g.merges(options)) {
    padded = padded_copy(x, options.padding_begin, options.padding_end, 0);
    grid.height = g.height + options.padding_begin + options.padding_end;
    grid.width = g.width + options.padding_begin + options.padding_end;
    grid.length = g.kernel_width * g.channels;
    grid.tap_rows = count_from(0, g.kernel_height);
    grid.tap_columns = {0};
  }
  const real* source = padded.empty() ? x.data() : padded.data();
  for (int64_t group = 0; group < options.groups; ++group) {
    const int64_t filter = group * g.group_filters;
    const Panels panels = pack_rows(weight.data() + filter * g.filter_size(), g.filter_size(),
                                    g.group_filters, g.filter_size());
    tap_product(grid, source + group * g.group_channels, panels,
                bias == nullptr ? nullptr : bias->data() + filter, y.data() + filter);
  }
  return y;
}

Tensor conv2d_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                             const Conv2dOptions& options) {
  check_gradient(x, weight.shape(), dy.shape(), options);
  const Geometry g(x, weight.shape(), options);
  Tensor dx = Tensor::uninitialized(x);
  for (int64_t row_phase = 0; row_phase < options.stride; ++row_phase) {
    const Phase rows = find_phase(row_phase, g.height, g.kernel_height, options);
    for (int64_t column_phase = 0; column_phase < options.stride; ++column_phase) {
      const Phase columns = find_phase(column_phase, g.width, g.kernel_width, options);
      for (int64_t group = 0; group < options.groups; ++group) {
        phase_input_gradient(g, group, rows, columns, options, dy, weight, dx);
      }
    }
  }
  return dx;
}

Tensor conv2d_weight_gradient(const Tensor& x, const Tensor& dy, const Shape& weight,
                              const Conv2dOptions& options) {
  check_gradient(x.shape(), weight, dy.shape(), options);
  const Geometry g(x.shape(), weight, options);
  const bool merges = g.merges(options);
  TapOuter s;
  s.images = g.images, s.dy_height = g.out_height, s.dy_width = g.out_width;
  s.dy_pixel = g.filters, s.filters = g.group_filters;
  s.height = g.height, s.width = g.width, s.pixel = g.channels, s.length = g.group_channels;
  s.step = options.stride, s.padding = options.padding_begin;
  s.tap_rows = g.kernel_height, s.tap_columns = g.kernel_width;
  Tensor x_copy, dy_copy;
  if (merges) {
    x_copy = padded_copy(x, options.padding_begin, options.padding_end, tap_outer_slack());
    s.height += options.padding_begin + options.padding_end;
    s.width += options.padding_begin + options.padding_end;
    s.length = g.kernel_width * g.channels, s.padding = 0, s.tap_columns = 1;
  } else if (s.length < tap_outer_slack()) {
    x_copy = padded_copy(x, 0, 0, tap_outer_slack());
  }
  if (s.filters < tap_outer_slack()) dy_copy = padded_copy(dy, 0, 0, tap_outer_slack());
  const real* x_data = x_copy.empty() ? x.data() : x_copy.data();
  const real* dy_data = dy_copy.empty() ? dy.data() : dy_copy.data();
  Tensor dw = Tensor::uninitialized(weight);
  for (int64_t group = 0; group < options.groups; ++group) {
    tap_outer(s, dy_data + group * g.group_filters, x_data + group * g.group_channels,
              dw.data() + group * g.group_filters * g.filter_size());
  }
  return dw;
}

Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const Conv2dOptions& options) {
  Tensor y =
      conv2d_forward(x.value(), weight.value(), bias.defined() ? &bias.value() : nullptr, options);
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return Variable::from_op(
      "conv2d", std::move(y), std::move(inputs), [options](Tensor&& dy, std::span<Variable> in) {
        if (in[1].requires_grad()) {
          in[1].accumulate(conv2d_weight_gradient(in[0].value(), dy, in[1].shape(), options));
        }
        if (in.size() > 2 && in[2].requires_grad()) in[2].accumulate(column_sums(dy));
        if (in[0].requires_grad()) {
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
      example("3x3", {4, 16, 16, 24}, {40, 3, 3, 24}, true, {.padding_begin = 1, .padding_end = 1}),
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
