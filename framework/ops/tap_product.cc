#include "fracbit/framework/ops/tap_product.h"

#include <algorithm>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Tiles of pixels that one task takes through all panels of weights.
constexpr int64_t kTiles = 16;

/// Where the taps of a block of pixels are: for every tile, tap and row of the tile one pointer.
class TapTable {
 public:
  TapTable(const TapGrid& grid, const real* x, const real* zeros, real* y, int64_t begin,
           int64_t end)
      : grid_(grid), x_(x), zeros_(zeros), y_(y), rows_(tile().rows) {
    taps_ = static_cast<int64_t>(grid.tap_rows.size() * grid.tap_columns.size());
    tiles_ = (end - begin + rows_ - 1) / rows_;
    sources_.resize(static_cast<size_t>(tiles_ * taps_ * rows_));
    results_.resize(static_cast<size_t>(tiles_ * rows_));
    for (int64_t slot = 0; slot < tiles_ * rows_; ++slot) {
      enter(slot, std::min(begin + slot, end - 1));
    }
  }

  int64_t tiles() const { return tiles_; }
  int64_t taps() const { return taps_; }
  const real* const* sources(int64_t tile) const { return sources_.data() + tile * taps_ * rows_; }
  real* const* results(int64_t tile) const { return results_.data() + tile * rows_; }

 private:
  void enter(int64_t slot, int64_t pixel) {
    const int64_t image = pixel / (grid_.rows * grid_.columns);
    const int64_t i = pixel / grid_.columns % grid_.rows;
    const int64_t j = pixel % grid_.columns;
    results_[static_cast<size_t>(slot)] =
        y_ + ((image * grid_.y_height + grid_.y_row + i * grid_.y_step) * grid_.y_width +
              grid_.y_column + j * grid_.y_step) *
                 grid_.y_pixel;
    const real** out = sources_.data() + slot / rows_ * taps_ * rows_ + slot % rows_;
    const real* image_start = x_ + image * grid_.height * grid_.width * grid_.pixel;
    for (const int64_t tap_row : grid_.tap_rows) {
      const int64_t row = i * grid_.step + tap_row;
      const bool inside_row = 0 <= row && row < grid_.height;
      for (const int64_t tap_column : grid_.tap_columns) {
        const int64_t column = j * grid_.step + tap_column;
        const bool inside = inside_row && 0 <= column && column < grid_.width;
        *out = inside ? image_start + (row * grid_.width + column) * grid_.pixel : zeros_;
        out += rows_;
      }
    }
  }

  const TapGrid& grid_;
  const real* x_;
  const real* zeros_;
  real* y_;
  int64_t rows_;
  int64_t taps_ = 0;
  int64_t tiles_ = 0;
  std::vector<const real*> sources_;
  std::vector<real*> results_;
};

/// One panel of weights against all tiles of a block; a panel with padding goes by way of `spare`.
void multiply_panel(const TapTable& table, const TapGrid& grid, const Panels& weights, int64_t p,
                    const real* start, real* spare) {
  const kernels::TileKernels& kernel = tile();
  const int64_t width = weights.width(p);
  const int64_t used = weights.used(p);
  const auto product = width == kernel.columns ? kernel.product : kernel.product_narrow;
  std::vector<const real*> starts(static_cast<size_t>(kernel.rows), start + p * kernel.columns);
  std::vector<real*> results(static_cast<size_t>(kernel.rows));
  for (int64_t t = 0; t < table.tiles(); ++t) {
    for (int64_t m = 0; m < kernel.rows; ++m) {
      results[static_cast<size_t>(m)] =
          used == width ? table.results(t)[m] + p * kernel.columns : spare + m * width;
    }
    product(table.sources(t), table.taps(), grid.length, weights.panel(p), starts.data(),
            results.data());
    if (used == width) continue;
    for (int64_t m = 0; m < kernel.rows; ++m) {
      std::copy_n(spare + m * width, used, table.results(t)[m] + p * kernel.columns);
    }
  }
}

}  // namespace

void tap_product(const TapGrid& grid, const real* x, const Panels& weights, const real* bias,
                 real* y) {
  const kernels::TileKernels& kernel = tile();
  const std::vector<real> zeros(static_cast<size_t>(grid.length), real{0});
  std::vector<real> start(static_cast<size_t>(weights.count() * kernel.columns), real{0});
  if (bias != nullptr) std::copy_n(bias, weights.columns, start.data());
  parallel_for(grid.images * grid.rows * grid.columns, kTiles * kernel.rows,
               [&](int64_t begin, int64_t end) {
                 const TapTable table(grid, x, zeros.data(), y, begin, end);
                 std::vector<real> spare(static_cast<size_t>(kernel.rows * kernel.columns));
                 for (int64_t p = 0; p < weights.count(); ++p) {
                   multiply_panel(table, grid, weights, p, start.data(), spare.data());
                 }
               });
}

}  // namespace fracbit::ops
