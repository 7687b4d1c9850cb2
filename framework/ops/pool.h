#pragma once

#include <cstdint>

#include "fracbit/framework/shape.h"

namespace fracbit::ops {

/// Geometry of a pooling window, the same for height and width.
struct PoolOptions {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t padding_begin = 0;  ///< rows above and columns left
  int64_t padding_end = 0;    ///< rows below and columns right
};

/// Shape of the output: H' = (H + padding_begin + padding_end - kernel) / stride + 1, rounded down.
/// `op` names the caller in errors.
///
/// Shapes   x [N, H, W, C] -> [N, H', W', C]
/// Range    kernel 1..255, stride >= 1, paddings 0..kernel - 1, so that no window lies outside
/// Throws   ConfigError if an option is out of range; ShapeError if x is not rank 4 or the kernel
/// is
///          larger than the padded image
Shape pool_shape(const char* op, const Shape& x, const PoolOptions& options);

/// The window of one output position along one axis, cut to the image: taps [begin, end).
struct PoolSpan {
  int64_t begin;
  int64_t end;
};
PoolSpan pool_span(int64_t position, int64_t extent, const PoolOptions& options);

}  // namespace fracbit::ops
