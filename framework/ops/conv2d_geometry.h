#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/tap_table.h"

namespace fracbit::ops {

/// The extents of a convolution by name. `op` is what the messages of errors name; they are those
/// of conv2d_shape.
struct Conv2dGeometry {
  Conv2dGeometry(const char* op, const Shape& x, const Shape& weight, const Conv2dOptions& options);

  /// Throws ShapeError unless dy has the shape of the result.
  void check_gradient(const char* op, const Shape& dy) const;
  /// Throws ShapeError unless the bias has one number per filter.
  void check_bias(const char* op, const Tensor* bias) const;

  /// Pixels of the result as places in x.
  TapGrid forward_grid() const;

  Conv2dOptions options;
  int64_t images, height, width, channels;
  int64_t filters, kernel_height, kernel_width, group_channels, group_filters;
  int64_t out_height, out_width;

  Shape result() const { return {images, out_height, out_width, filters}; }
  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t filter_size() const { return taps() * group_channels; }
};

/// The pixels of x that the same taps reach: those with row + padding = phase (mod stride), and so
/// for columns. Their gradient is a product without stride.
struct Conv2dPhase {
  TapGrid grid;               ///< its x is dy, its y is x
  std::vector<int64_t> taps;  ///< u KW + v of the weights, in the order of the grid's taps
};

/// All stride^2 phases; some have no taps, some no pixels.
std::vector<Conv2dPhase> conv2d_phases(const Conv2dGeometry& geometry);

}  // namespace fracbit::ops
