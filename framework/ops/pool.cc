#include "fracbit/framework/ops/pool.h"

#include <algorithm>
#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::ops {
namespace {

void check_option(const char* op, const char* name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return;
  throw ConfigError(std::string("[") + op + "] expects " + name + " " + std::to_string(low) +
                    " to " + std::to_string(high) + ", got " + std::to_string(value));
}

}  // namespace

Shape pool_shape(const char* op, const Shape& x, const PoolOptions& options) {
  constexpr int64_t kLargestStride = int64_t{1} << 31;
  check_option(op, "kernel", options.kernel, 1, 255);
  check_option(op, "stride", options.stride, 1, kLargestStride);
  check_option(op, "padding_begin", options.padding_begin, 0, options.kernel - 1);
  check_option(op, "padding_end", options.padding_end, 0, options.kernel - 1);
  if (x.rank() != 4) {
    throw ShapeError(std::string("[") + op + "] expects images [N, H, W, C], got shape " +
                     to_string(x));
  }
  const int64_t padding = options.padding_begin + options.padding_end;
  const int64_t smallest = std::min(x[1], x[2]);
  if (smallest < 1 || smallest + padding < options.kernel) {
    throw ShapeError(std::string("[") + op + "] expects an image of at least " +
                     std::to_string(options.kernel - padding) + " pixels for kernel " +
                     std::to_string(options.kernel) + ", got shape " + to_string(x));
  }
  const auto extent = [&](int64_t size) {
    return (size + padding - options.kernel) / options.stride + 1;
  };
  return {x[0], extent(x[1]), extent(x[2]), x[3]};
}

PoolSpan pool_span(int64_t position, int64_t extent, const PoolOptions& options) {
  const int64_t first = position * options.stride - options.padding_begin;
  return {std::max<int64_t>(0, first), std::min(extent, first + options.kernel)};
}

}  // namespace fracbit::ops
