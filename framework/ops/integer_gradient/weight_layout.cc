#include <algorithm>

#include "fracbit/framework/ops/integer_gradient/weight.h"

namespace fracbit::ops::integer_gradient {
namespace {

constexpr int64_t kRun = 16;   ///< codes that are transposed together
constexpr int64_t kGroup = 4;  ///< of them in one row of dy

int64_t parts(int64_t n, int64_t each) {
  return (n + each - 1) / each;
}

/// The narrowest block that holds a row, or the whole block.
int64_t columns_of(int64_t codes, int64_t width) {
  int64_t columns = codes;
  while (columns > kGroup && columns / 2 >= width) columns /= 2;
  return columns;
}

}  // namespace

Span rows_inside(int64_t extent, int64_t x_extent, int64_t offset, int64_t stride) {
  const int64_t begin = offset >= 0 ? 0 : parts(-offset, stride);
  const int64_t end = x_extent <= offset ? 0 : (x_extent - offset - 1) / stride + 1;
  return {std::min(begin, extent), std::max(std::min(begin, extent), std::min(end, extent))};
}

WeightLayout::WeightLayout(const Conv2dGeometry& shape, int64_t block_codes, int64_t depth,
                           int64_t block_index)
    : s(shape), codes(block_codes), one_index(block_index) {
  block_columns = columns_of(codes, s.out_width);
  block_rows = codes / block_columns;
  row_blocks = parts(s.out_height, block_rows);
  column_blocks = parts(s.out_width, block_columns);
  blocks = parts(row_blocks * column_blocks, depth) * depth;
  pixels = parts(blocks * codes, kRun) * kRun;
  for (int64_t i = 0; i < pixels; ++i) {
    const int64_t block = i / codes;
    const int64_t row = block / column_blocks * block_rows + i % codes / block_columns;
    const int64_t column = block % column_blocks * block_columns + i % block_columns;
    const bool inside = row < s.out_height && column < s.out_width;
    pixel.push_back(inside ? (row * s.out_width + column) * s.filters : -1);
    ones.push_back(inside ? 1 : 0);
    if (i % kGroup == 0 && row >= s.out_height) empty.push_back(i / kGroup);
  }
  const int64_t stride = s.options.stride;
  line_rows = (row_blocks - 1) * block_rows * stride + s.kernel_height;
  all_line_rows = line_rows + (block_rows - 1) * stride;
  line_columns = column_blocks * block_columns + (s.kernel_width - 1) / stride;
}

int64_t WeightLayout::index_bytes() const {
  return s.kernel_width * line_rows * column_blocks * one_index;
}

int64_t WeightLayout::index_at(int64_t v, int64_t row, int64_t column_block) const {
  return ((v * line_rows + row) * column_blocks + column_block) * one_index;
}

std::vector<int64_t> WeightLayout::block_offsets() const {
  std::vector<int64_t> offsets(static_cast<size_t>(blocks), 0);
  for (int64_t b = 0; b < row_blocks * column_blocks; ++b) {
    const int64_t row = b / column_blocks * block_rows * s.options.stride;
    offsets[static_cast<size_t>(b)] = index_at(0, row, b % column_blocks);
  }
  return offsets;
}

std::vector<int64_t> WeightLayout::tap_offsets() const {
  std::vector<int64_t> offsets;
  for (int64_t tap = 0; tap < s.taps(); ++tap) {
    offsets.push_back(index_at(tap % s.kernel_width, tap / s.kernel_width, 0));
  }
  return offsets;
}

std::vector<int64_t> WeightLayout::needed_rows() const {
  std::vector<int64_t> rows;
  const int64_t step = block_rows * s.options.stride;
  for (int64_t row = 0; row < line_rows; ++row) {
    if (row % step < s.kernel_height || row >= (row_blocks - 1) * step) rows.push_back(row);
  }
  return rows;
}

std::vector<int32_t> WeightLayout::inside() const {
  std::vector<int32_t> counts;
  const int64_t padding = s.options.padding_begin, stride = s.options.stride;
  for (int64_t u = 0; u < s.kernel_height; ++u) {
    const Span rows = rows_inside(s.out_height, s.height, u - padding, stride);
    for (int64_t v = 0; v < s.kernel_width; ++v) {
      const Span columns = rows_inside(s.out_width, s.width, v - padding, stride);
      counts.push_back(
          static_cast<int32_t>((rows.end - rows.begin) * (columns.end - columns.begin)));
    }
  }
  return counts;
}

}  // namespace fracbit::ops::integer_gradient
