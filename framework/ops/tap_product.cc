#include "fracbit/framework/ops/tap_product.h"

#include <algorithm>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Tiles of pixels that one task takes through all panels of weights: many, which read the weights
/// from the cache, but fewer where there would be too few tasks.
int64_t task_tiles(int64_t pixels) {
  constexpr int64_t kMost = 16, kLeast = 4, kEnoughTasks = 32;
  int64_t tiles = kMost;
  while (tiles > kLeast && pixels < kEnoughTasks * tiles * tile().rows) tiles /= 2;
  return tiles;
}

/// What the next block reads of x, on its way into the cache in as many parts as the products of
/// this block. Only for single taps, whose pixels follow each other: with more, most of it is
/// there.
class Ahead {
 public:
  Ahead(const TapGrid& grid, const real* x, int64_t begin, int64_t end, int64_t parts) {
    if (grid.taps() > 1 || grid.images > 1 || grid.rows > 1 || grid.step > 1) return;
    at_ = x + begin * grid.pixel;
    end_ = x + std::min(end, grid.pixels()) * grid.pixel;
    part_ = (end_ - at_ + parts - 1) / parts;
  }

  void fetch() {
    constexpr int64_t kLine = 64 / sizeof(real);
    constexpr int kReads = 0, kSecondLevel = 2;
    for (const real* last = std::min(end_, at_ + part_); at_ < last; at_ += kLine) {
      __builtin_prefetch(at_, kReads, kSecondLevel);
    }
  }

 private:
  const real* at_ = nullptr;
  const real* end_ = nullptr;
  int64_t part_ = 0;
};

/// One panel of weights against all tiles of a block; a panel with padding goes by way of `spare`.
void multiply_panel(const TapTable& table, int64_t length, const Panels& weights, int64_t p,
                    const real* start, real* y, Ahead& ahead) {
  const kernels::tile::Kernels& kernel = tile();
  const int64_t width = weights.width(p);
  const int64_t used = weights.used(p);
  const auto product = width == kernel.columns ? kernel.product : kernel.product_narrow;
  y += p * kernel.columns;
  const real* starts[kernels::tile::kMaxRows];
  std::fill_n(starts, kernel.rows, start + p * kernel.columns);
  real* results[kernels::tile::kMaxRows];
  real spare[kernels::tile::kMaxRows * kernels::tile::kMaxColumns];
  for (int64_t t = 0; t < table.tiles(); ++t) {
    const int64_t* places = table.results(t);
    for (int64_t m = 0; m < kernel.rows; ++m) {
      results[m] = used == width ? y + places[m] : spare + m * width;
    }
    ahead.fetch();
    product(table.sources(t), table.taps(), length, weights.panel(p), starts, results);
    if (used == width) continue;
    for (int64_t m = 0; m < kernel.rows; ++m) std::copy_n(spare + m * width, used, y + places[m]);
  }
}

/// Where each pixel sees itself alone, those of all images are one row.
TapGrid joined(TapGrid grid) {
  const std::vector<int64_t> own{0};
  if (grid.tap_rows != own || grid.tap_columns != own || grid.step != 1 || grid.y_step != 1) {
    return grid;
  }
  if (grid.rows != grid.height || grid.columns != grid.width) return grid;
  if (grid.y_height != grid.height || grid.y_width != grid.width) return grid;
  grid.columns = grid.width = grid.y_width = grid.pixels();
  grid.images = grid.rows = grid.height = grid.y_height = 1;
  return grid;
}

}  // namespace

void tap_product(const TapGrid& pixels, const real* x, const Panels& weights, const real* bias,
                 real* y, PixelPass* pass) {
  const TapGrid grid = joined(pixels);
  const kernels::tile::Kernels& kernel = tile();
  const std::vector<real> zeros(static_cast<size_t>(grid.length), real{0});
  std::vector<real> start(static_cast<size_t>(weights.count() * kernel.columns), real{0});
  if (bias != nullptr) std::copy_n(bias, weights.columns, start.data());
  const int64_t grain = task_tiles(grid.pixels()) * kernel.rows;
  if (pass != nullptr) pass->start((grid.pixels() + grain - 1) / grain, grid.y_pixel);
  parallel_for(grid.pixels(), grain, [&](int64_t begin, int64_t end) {
    TapTable table(grid, kernel.rows, x, zeros.data());
    table.enter(begin, end);
    Ahead ahead(grid, x, end, end + grain, weights.count() * table.tiles());
    for (int64_t p = 0; p < weights.count(); ++p) {
      multiply_panel(table, grid.length, weights, p, start.data(), y, ahead);
    }
    if (pass != nullptr) pass->add(begin / grain, y + begin * grid.y_pixel, end - begin);
  });
}

}  // namespace fracbit::ops
