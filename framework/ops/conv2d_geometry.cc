#include "fracbit/framework/ops/conv2d_geometry.h"

#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::ops {
namespace {

std::string both(const Shape& x, const Shape& weight) {
  return " (x " + to_string(x) + ", weight " + to_string(weight) + ")";
}

std::string head(const char* op) {
  return "[" + std::string(op) + "] expects ";
}

void check_options(const char* op, const Conv2dOptions& options) {
  if (options.stride <= 0 || options.groups <= 0) {
    throw ConfigError(head(op) + "a positive stride and groups, got " +
                      std::to_string(options.stride) + " and " + std::to_string(options.groups));
  }
  if (options.padding_begin < 0 || options.padding_end < 0) {
    throw ConfigError(head(op) + "paddings that are not negative, got " +
                      std::to_string(options.padding_begin) + " and " +
                      std::to_string(options.padding_end));
  }
}

void check_channels(const char* op, const Shape& x, const Shape& weight, int64_t groups) {
  if (x.rank() != 4 || weight.rank() != 4) {
    throw ShapeError(head(op) + "x [N, H, W, C] and weight [F, KH, KW, C / groups], got" +
                     both(x, weight));
  }
  if (weight.size() == 0) {
    throw ShapeError(head(op) + "a weight that is not empty, got" + both(x, weight));
  }
  if (x[3] % groups != 0 || x[3] / groups != weight[3]) {
    throw ShapeError(head(op) + std::to_string(weight[3] * groups) + " input channels, got " +
                     std::to_string(x[3]) + both(x, weight));
  }
  if (weight[0] % groups != 0) {
    throw ShapeError(head(op) + "filters in " + std::to_string(groups) + " equal groups, got " +
                     std::to_string(weight[0]) + both(x, weight));
  }
}

Shape checked_shape(const char* op, const Shape& x, const Shape& weight,
                    const Conv2dOptions& options) {
  check_options(op, options);
  check_channels(op, x, weight, options.groups);
  const int64_t padding = options.padding_begin + options.padding_end;
  if (weight[1] > x[1] + padding || weight[2] > x[2] + padding) {
    throw ShapeError(head(op) + "a kernel that fits into the image with padding " +
                     std::to_string(options.padding_begin) + " + " +
                     std::to_string(options.padding_end) + ", got" + both(x, weight));
  }
  return {x[0], (x[1] + padding - weight[1]) / options.stride + 1,
          (x[2] + padding - weight[2]) / options.stride + 1, weight[0]};
}

std::vector<int64_t> count_from(int64_t first, int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) numbers[static_cast<size_t>(i)] = first + i;
  return numbers;
}

/// One axis of a phase.
struct AxisPhase {
  int64_t first = 0;             ///< the first row of x in it
  int64_t count = 0;             ///< how many rows
  std::vector<int64_t> taps;     ///< kernel rows that reach them
  std::vector<int64_t> dy_rows;  ///< row of dy that each tap takes to the first row of x
};

AxisPhase find_phase(int64_t phase, int64_t extent, int64_t kernel, const Conv2dOptions& options) {
  const int64_t stride = options.stride;
  AxisPhase found;
  found.first = ((phase - options.padding_begin) % stride + stride) % stride;
  found.count = found.first < extent ? (extent - found.first + stride - 1) / stride : 0;
  // The last tap first: through dy in the order of its memory.
  const int64_t count = phase < kernel ? (kernel - phase + stride - 1) / stride : 0;
  for (int64_t tap = phase + (count - 1) * stride; tap >= phase; tap -= stride) {
    found.taps.push_back(tap);
    found.dy_rows.push_back((found.first + options.padding_begin - tap) / stride);
  }
  return found;
}

}  // namespace

Shape conv2d_shape(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
  return checked_shape("conv2d", x, weight, options);
}

Conv2dGeometry::Conv2dGeometry(const char* op, const Shape& x, const Shape& weight,
                               const Conv2dOptions& chosen)
    : options(chosen) {
  const Shape y = checked_shape(op, x, weight, options);
  images = x[0], height = x[1], width = x[2], channels = x[3];
  filters = weight[0], kernel_height = weight[1], kernel_width = weight[2];
  group_channels = weight[3], group_filters = filters / options.groups;
  out_height = y[1], out_width = y[2];
}

void Conv2dGeometry::check_gradient(const char* op, const Shape& dy) const {
  if (dy == result()) return;
  throw ShapeError(head(op) + "dy " + to_string(result()) + ", got " + to_string(dy));
}

void Conv2dGeometry::check_bias(const char* op, const Tensor* bias) const {
  if (bias == nullptr || bias->shape() == Shape{filters}) return;
  throw ShapeError(head(op) + "a bias " + to_string(Shape{filters}) + ", got " +
                   to_string(bias->shape()));
}

TapGrid Conv2dGeometry::forward_grid() const {
  TapGrid grid;
  grid.images = images, grid.rows = out_height, grid.columns = out_width;
  grid.height = height, grid.width = width, grid.pixel = channels;
  grid.length = group_channels, grid.step = options.stride;
  grid.tap_rows = count_from(-options.padding_begin, kernel_height);
  grid.tap_columns = count_from(-options.padding_begin, kernel_width);
  grid.y_height = out_height, grid.y_width = out_width, grid.y_pixel = filters;
  return grid;
}

std::vector<Conv2dPhase> conv2d_phases(const Conv2dGeometry& g) {
  std::vector<Conv2dPhase> phases;
  for (int64_t i = 0; i < g.options.stride; ++i) {
    const AxisPhase rows = find_phase(i, g.height, g.kernel_height, g.options);
    for (int64_t j = 0; j < g.options.stride; ++j) {
      const AxisPhase columns = find_phase(j, g.width, g.kernel_width, g.options);
      Conv2dPhase phase;
      TapGrid& grid = phase.grid;
      grid.images = g.images, grid.rows = rows.count, grid.columns = columns.count;
      grid.height = g.out_height, grid.width = g.out_width, grid.pixel = g.filters;
      grid.length = g.group_filters;
      grid.tap_rows = rows.dy_rows, grid.tap_columns = columns.dy_rows;
      grid.y_height = g.height, grid.y_width = g.width, grid.y_pixel = g.channels;
      grid.y_step = g.options.stride, grid.y_row = rows.first, grid.y_column = columns.first;
      for (const int64_t u : rows.taps) {
        for (const int64_t v : columns.taps) phase.taps.push_back(u * g.kernel_width + v);
      }
      phases.push_back(std::move(phase));
    }
  }
  return phases;
}

}  // namespace fracbit::ops
