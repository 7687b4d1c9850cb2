#include "fracbit/framework/ops/tap_table.h"

#include <algorithm>

namespace fracbit::ops {
namespace {

/// Of a sorted or unsorted list of offsets the smallest and largest; 0 if there are none.
std::pair<int64_t, int64_t> extremes(const std::vector<int64_t>& offsets) {
  if (offsets.empty()) return {0, 0};
  const auto found = std::minmax_element(offsets.begin(), offsets.end());
  return {*found.first, *found.second};
}

}  // namespace

TapTable::TapTable(const TapGrid& grid, int64_t taps, int64_t rows, const real* x,
                   const real* zeros)
    : grid_(grid), taps_(taps), rows_(rows), x_(x), zeros_(zeros) {
  for (const int64_t row : grid.tap_rows) {
    for (const int64_t column : grid.tap_columns) {
      tap_offsets_.push_back((row * grid.width + column) * grid.pixel);
    }
  }
  const auto [top, bottom] = extremes(grid.tap_rows);
  const auto [left, right] = extremes(grid.tap_columns);
  first_row_ = -top;
  last_row_ = grid.height - 1 - bottom;
  first_column_ = -left;
  last_column_ = grid.width - 1 - right;
}

void TapTable::enter(int64_t begin, int64_t end) {
  tiles_ = (end - begin + rows_ - 1) / rows_;
  sources_.resize(static_cast<size_t>(tiles_ * taps_ * rows_), zeros_);
  results_.resize(static_cast<size_t>(tiles_ * rows_));
  int64_t image = begin / (grid_.rows * grid_.columns);
  int64_t i = begin / grid_.columns % grid_.rows;
  int64_t j = begin % grid_.columns;
  for (int64_t slot = 0; slot < tiles_ * rows_; ++slot) {
    results_[static_cast<size_t>(slot)] =
        ((image * grid_.y_height + grid_.y_row + i * grid_.y_step) * grid_.y_width +
         grid_.y_column + j * grid_.y_step) *
        grid_.y_pixel;
    enter_taps(slot, image, i, j);
    if (begin + slot + 1 >= end || ++j < grid_.columns) continue;
    j = 0;
    if (++i < grid_.rows) continue;
    i = 0;
    ++image;
  }
}

void TapTable::enter_taps(int64_t slot, int64_t image, int64_t i, int64_t j) {
  const real** out = sources_.data() + slot / rows_ * taps_ * rows_ + slot % rows_;
  const int64_t row = i * grid_.step;
  const int64_t column = j * grid_.step;
  const real* base = x_ + ((image * grid_.height + row) * grid_.width + column) * grid_.pixel;
  if (first_row_ <= row && row <= last_row_ && first_column_ <= column && column <= last_column_) {
    for (const int64_t offset : tap_offsets_) {
      *out = base + offset;
      out += rows_;
    }
    return;
  }
  const int64_t* offset = tap_offsets_.data();
  for (const int64_t tap_row : grid_.tap_rows) {
    const bool inside_row = 0 <= row + tap_row && row + tap_row < grid_.height;
    for (const int64_t tap_column : grid_.tap_columns) {
      const int64_t at = column + tap_column;
      *out = inside_row && 0 <= at && at < grid_.width ? base + *offset : zeros_;
      ++offset;
      out += rows_;
    }
  }
}

}  // namespace fracbit::ops
