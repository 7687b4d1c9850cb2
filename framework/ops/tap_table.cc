#include "fracbit/framework/ops/tap_table.h"

#include <algorithm>

namespace fracbit::ops {

TapTable::TapTable(const TapGrid& grid, int64_t rows, const real* x, const real* zeros)
    : grid_(grid), taps_(grid.taps()), rows_(rows), x_(x), zeros_(zeros) {}

void TapTable::enter(int64_t begin, int64_t end) {
  tiles_ = (end - begin + rows_ - 1) / rows_;
  sources_.resize(static_cast<size_t>(tiles_ * taps_ * rows_));
  results_.resize(static_cast<size_t>(tiles_ * rows_));
  Place place{begin / (grid_.rows * grid_.columns), begin / grid_.columns % grid_.rows,
              begin % grid_.columns};
  const real** out = sources_.data();
  int64_t* result_out = results_.data();
  for (int64_t tile = 0; tile < tiles_; ++tile, out += taps_ * rows_) {
    const int64_t first = begin + tile * rows_;
    const bool in_row = place.j + rows_ <= grid_.columns && first + rows_ <= end;
    if (in_row) enter_row(place, out);
    for (int64_t m = 0; m < rows_; ++m) {
      *result_out++ = result(place);
      if (!in_row && taps_ > 0) enter_pixel(place, out + m);
      if (first + m + 1 >= end || ++place.j < grid_.columns) continue;
      place.j = 0;
      if (++place.i < grid_.rows) continue;
      place.i = 0;
      ++place.image;
    }
  }
}

int64_t TapTable::result(const Place& place) const {
  const int64_t row = place.image * grid_.y_height + grid_.y_row + place.i * grid_.y_step;
  return (row * grid_.y_width + grid_.y_column + place.j * grid_.y_step) * grid_.y_pixel;
}

void TapTable::enter_row(const Place& first, const real** out) const {
  const int64_t rows = rows_;
  const int64_t apart = grid_.step * grid_.pixel;
  for (const int64_t tap_row : grid_.tap_rows) {
    const int64_t row = first.i * grid_.step + tap_row;
    const bool inside_row = 0 <= row && row < grid_.height;
    const real* row_start = x_ + (first.image * grid_.height + row) * grid_.width * grid_.pixel;
    for (const int64_t tap_column : grid_.tap_columns) {
      const int64_t column = first.j * grid_.step + tap_column;
      const int64_t last = column + (rows - 1) * grid_.step;
      if (inside_row && 0 <= column && last < grid_.width) {
        const real* source = row_start + column * grid_.pixel;
        for (int64_t m = 0; m < rows; ++m) out[m] = source + m * apart;
      } else {
        for (int64_t m = 0; m < rows; ++m) {
          const int64_t at = column + m * grid_.step;
          const bool inside = inside_row && 0 <= at && at < grid_.width;
          out[m] = inside ? row_start + at * grid_.pixel : zeros_;
        }
      }
      out += rows;
    }
  }
}

void TapTable::enter_pixel(const Place& place, const real** out) const {
  for (const int64_t tap_row : grid_.tap_rows) {
    const int64_t row = place.i * grid_.step + tap_row;
    const bool inside_row = 0 <= row && row < grid_.height;
    for (const int64_t tap_column : grid_.tap_columns) {
      const int64_t column = place.j * grid_.step + tap_column;
      const bool inside = inside_row && 0 <= column && column < grid_.width;
      *out = inside ? x_ + ((place.image * grid_.height + row) * grid_.width + column) * grid_.pixel
                    : zeros_;
      out += rows_;
    }
  }
}

}  // namespace fracbit::ops
