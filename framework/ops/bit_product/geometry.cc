#include "fracbit/framework/ops/bit_product/geometry.h"

#include <algorithm>

namespace fracbit::ops::bit_product {
namespace {

struct Range {
  int64_t begin, end;
  friend bool operator==(const Range&, const Range&) = default;
};

/// Distinct ranges of taps along one axis, and which of them each output position has.
struct Axis {
  std::vector<Range> ranges;
  std::vector<int32_t> index;
};

Axis classify(int64_t outputs, int64_t extent, int64_t kernel, const Conv2dOptions& options) {
  Axis axis;
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t first = i * options.stride - options.padding_begin;
    const int64_t begin = std::clamp<int64_t>(-first, 0, kernel);
    const Range range{begin, std::clamp<int64_t>(extent - first, begin, kernel)};
    const auto found = std::find(axis.ranges.begin(), axis.ranges.end(), range);
    axis.index.push_back(static_cast<int32_t>(found - axis.ranges.begin()));
    if (found == axis.ranges.end()) axis.ranges.push_back(range);
  }
  return axis;
}

}  // namespace

Geometry Geometry::conv2d(const Shape& x, const Shape& w, const Conv2dOptions& options) {
  const Shape y = conv2d_shape(x, w, options);
  Geometry geometry;
  geometry.images = x[0];
  geometry.height = x[1];
  geometry.width = x[2];
  geometry.channels = x[3];
  geometry.filters = w[0];
  geometry.kernel_height = w[1];
  geometry.kernel_width = w[2];
  geometry.out_height = y[1];
  geometry.out_width = y[2];
  geometry.options = options;
  return geometry;
}

Geometry Geometry::linear(const Shape& x, const Shape& w) {
  Geometry geometry;
  geometry.height = x[0];
  geometry.out_height = x[0];
  geometry.channels = x[1];
  geometry.filters = w[0];
  return geometry;
}

Border::Border(const Geometry& g) {
  const Axis rows = classify(g.out_height, g.height, g.kernel_height, g.options);
  const Axis columns = classify(g.out_width, g.width, g.kernel_width, g.options);
  for (const Range& row : rows.ranges) {
    for (const Range& column : columns.ranges) {
      classes.push_back({row.begin, row.end, column.begin, column.end});
    }
  }
  const int32_t width = static_cast<int32_t>(columns.ranges.size());
  pixel_class.reserve(static_cast<size_t>(g.out_height * g.out_width));
  for (int32_t row : rows.index) {
    for (int32_t column : columns.index) pixel_class.push_back(row * width + column);
  }
}

}  // namespace fracbit::ops::bit_product
