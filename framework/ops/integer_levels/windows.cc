#include "fracbit/framework/ops/integer_levels/windows.h"

#include <algorithm>

namespace fracbit::ops::integer_levels {
namespace {

/// One axis of the grid of windows: where each tap falls from pixel 0 on, `step` apart.
struct Axis {
  int64_t extent;       ///< of the image
  int64_t count, step;  ///< grid pixels
  const std::vector<int64_t>& taps;

  int64_t before() const {
    int64_t least = 0;
    for (int64_t tap : taps) least = std::min(least, tap);
    return -least;
  }
  int64_t padded() const {
    int64_t most = extent;
    for (int64_t tap : taps) most = std::max(most, tap + (count - 1) * step + 1);
    return before() + most;
  }
  /// Taps of a pixel that fall inside the image.
  std::vector<int64_t> inside(int64_t pixel) const {
    std::vector<int64_t> found;
    for (size_t t = 0; t < taps.size(); ++t) {
      const int64_t at = pixel * step + taps[t];
      if (at >= 0 && at < extent) found.push_back(static_cast<int64_t>(t));
    }
    return found;
  }
};

/// The distinct sets of taps along an axis, and which of them each pixel has.
struct Classes {
  std::vector<std::vector<int64_t>> sets;
  std::vector<size_t> of_pixel;

  explicit Classes(const Axis& axis) {
    for (int64_t i = 0; i < axis.count; ++i) {
      std::vector<int64_t> taps = axis.inside(i);
      const auto found = std::find(sets.begin(), sets.end(), taps);
      of_pixel.push_back(static_cast<size_t>(found - sets.begin()));
      if (found == sets.end()) sets.push_back(std::move(taps));
    }
  }
};

}  // namespace

Windows windows_of(const TapGrid& grid, const Format& format) {
  const Axis rows{grid.height, grid.rows, grid.step, grid.tap_rows};
  const Axis columns{grid.width, grid.columns, grid.step, grid.tap_columns};
  Windows w;
  w.image = {grid.height,   grid.width,       rows.before(), columns.before(),
             rows.padded(), columns.padded(), grid.length,   format.groups(grid.length)};
  const int64_t pixel = w.image.pixel_bytes();
  for (int64_t i = 0; i < grid.rows; ++i) {
    for (int64_t j = 0; j < grid.columns; ++j) {
      const int64_t row = i * grid.step + w.image.above;
      w.window.push_back((row * w.image.columns + j * grid.step + w.image.left) * pixel);
      w.place.push_back(
          ((grid.y_row + i * grid.y_step) * grid.y_width + grid.y_column + j * grid.y_step) *
          grid.y_pixel);
    }
  }
  for (int64_t u : grid.tap_rows) {
    for (int64_t v : grid.tap_columns) w.tap.push_back((u * w.image.columns + v) * pixel);
  }
  return w;
}

void classify(const TapGrid& grid, Windows& w) {
  const Classes rows(Axis{grid.height, grid.rows, grid.step, grid.tap_rows});
  const Classes columns(Axis{grid.width, grid.columns, grid.step, grid.tap_columns});
  const auto across = static_cast<int64_t>(grid.tap_columns.size());
  for (const auto& row : rows.sets) {
    for (const auto& column : columns.sets) {
      std::vector<int64_t>& taps = w.term_taps.emplace_back();
      for (int64_t u : row) {
        for (int64_t v : column) taps.push_back(u * across + v);
      }
    }
  }
  for (size_t row : rows.of_pixel) {
    for (size_t column : columns.of_pixel) {
      w.term_row.push_back(static_cast<int32_t>(row * columns.sets.size() + column));
    }
  }
}

}  // namespace fracbit::ops::integer_levels
