#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/shape.h"

namespace fracbit::ops::bit_product {

/// Where the windows of a product lie. A dense product is one image of N rows and one column under
/// a 1 x 1 kernel.
struct Geometry {
  int64_t images = 1;
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 1;  ///< of the input
  int64_t filters = 1;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t out_height = 1;
  int64_t out_width = 1;
  Conv2dOptions options;

  static Geometry conv2d(const Shape& x, const Shape& w, const Conv2dOptions& options);
  static Geometry linear(const Shape& x, const Shape& w);

  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t group_channels() const { return channels / options.groups; }
  int64_t group_filters() const { return filters / options.groups; }
  bool padded() const { return options.padding_begin > 0 || options.padding_end > 0; }
};

/// Output pixels by the taps of theirs that fall inside the image. Pixels of one class share what
/// those taps sum up to.
struct Border {
  /// Taps [row_begin, row_end) x [column_begin, column_end).
  struct Class {
    int64_t row_begin, row_end, column_begin, column_end;
  };
  std::vector<Class> classes;
  std::vector<int32_t> pixel_class;  ///< [out_height * out_width]

  explicit Border(const Geometry& geometry);
};

}  // namespace fracbit::ops::bit_product
