#include "fracbit/framework/ops/tap_product.h"

#include <algorithm>
#include <atomic>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Tiles of pixels that one task takes through all panels of weights: many, which read the weights
/// from the cache, but not so many that there are few tasks. Of these, the number that leaves least
/// to do for one of two threads alone.
int64_t task_tiles(int64_t pixels) {
  constexpr int64_t kMost = 16, kLeast = 4, kTasks = 12;
  const int64_t all = (pixels + tile().rows - 1) / tile().rows;
  const auto rounds = [all](int64_t tiles) { return ((all + tiles - 1) / tiles + 1) / 2 * tiles; };
  int64_t best = std::clamp(all / kTasks, kLeast, kMost);
  for (int64_t tiles = best; tiles >= kLeast; --tiles) {
    if (rounds(tiles) < rounds(best)) best = tiles;
  }
  return best;
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

/// Numbers of the columns of all panels; those of padding are zeros.
std::vector<real> padded(const Panels& weights, const real* numbers) {
  std::vector<real> made(static_cast<size_t>(weights.count() * tile().columns), real{0});
  if (numbers != nullptr) std::copy_n(numbers, weights.columns, made.data());
  return made;
}

/// The right operand of a product, and where its sums begin and what becomes of them.
struct Columns {
  Columns(const Panels& panels, const real* bias)
      : weights(panels), start(padded(panels, bias)), finishes(false) {}

  void finish_by(const kernels::Finish& given, bool stream) {
    scale = padded(weights, given.scale), shift = padded(weights, given.shift);
    finishes = true;
    finish = {scale.data(), shift.data(), given.low, given.high, stream};
  }

  const Panels& weights;
  std::vector<real> start, scale, shift;
  bool finishes;
  kernels::Finish finish{};
};

/// Those of one panel, for one tile after another.
class PanelProduct {
 public:
  PanelProduct(const Columns& columns, int64_t p, int64_t taps, int64_t length)
      : panel_(columns.weights.panel(p)),
        taps_(taps),
        length_(length),
        finishes_(columns.finishes),
        finish_(columns.finish) {
    const kernels::tile::Kernels& kernel = tile();
    const bool wide = columns.weights.width(p) == kernel.columns;
    product_ = wide ? kernel.product : kernel.product_narrow;
    const int64_t column = p * kernel.columns;
    std::fill_n(starts_, kernel.rows, columns.start.data() + column);
    if (!finishes_) return;
    const auto& finishing = kernels::finish::find(isa_name(active_isa()).data());
    finished_ = wide ? finishing.tile : finishing.tile_narrow;
    finish_.scale += column;
    finish_.shift += column;
  }

  void operator()(const real* const* sources, real* const* results) const {
    if (!finishes_) return product_(sources, taps_, length_, panel_, starts_, results);
    finished_(sources, taps_, length_, panel_, starts_, finish_, results);
  }

 private:
  const real* panel_;
  int64_t taps_, length_;
  bool finishes_;
  kernels::Finish finish_;
  kernels::tile::Product product_;
  kernels::finish::Tile finished_ = nullptr;
  const real* starts_[kernels::tile::kMaxRows];
};

/// One panel of weights against all tiles of a block; a panel with padding goes by way of `spare`.
/// Number `first` of the result is at y.
void multiply_panel(const TapTable& table, int64_t length, const Columns& columns, int64_t p,
                    real* y, int64_t first, Ahead& ahead) {
  const PanelProduct product(columns, p, table.taps(), length);
  const int64_t rows = tile().rows;
  const int64_t width = columns.weights.width(p);
  const int64_t used = columns.weights.used(p);
  y += p * tile().columns;
  real* results[kernels::tile::kMaxRows];
  alignas(64) real spare[kernels::tile::kMaxRows * kernels::tile::kMaxColumns];
  for (int64_t t = 0; t < table.tiles(); ++t) {
    const int64_t* places = table.results(t);
    for (int64_t m = 0; m < rows; ++m) {
      results[m] = used == width ? y + (places[m] - first) : spare + m * width;
    }
    ahead.fetch();
    product(table.sources(t), results);
    if (used == width) continue;
    for (int64_t m = 0; m < rows; ++m)
      std::copy_n(spare + m * width, used, y + (places[m] - first));
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
  const kernels::Finish* finish = pass == nullptr ? nullptr : pass->finish();
  const bool stream = finish != nullptr && streams(y, grid.pixels(), grid.y_pixel);
  if (finish != nullptr) pass = nullptr;
  Columns columns(weights, bias);
  if (finish != nullptr) columns.finish_by(*finish, stream);
  const int64_t grain = task_tiles(grid.pixels()) * kernel.rows;
  if (pass != nullptr) pass->start((grid.pixels() + grain - 1) / grain, grid.y_pixel);
  parallel_for(grid.pixels(), grain, [&](int64_t begin, int64_t end) {
    TapTable table(grid, kernel.rows, x, zeros.data());
    table.enter(begin, end);
    Ahead ahead(grid, x, end, end + grain, weights.count() * table.tiles());
    for (int64_t p = 0; p < weights.count(); ++p) {
      multiply_panel(table, grid.length, columns, p, y, 0, ahead);
    }
    if (stream) std::atomic_thread_fence(std::memory_order_seq_cst);
    if (pass != nullptr) pass->add(begin / grain, y + begin * grid.y_pixel, end - begin);
  });
}

void tap_product_pixels(const TapGrid& grid, const real* x, const Panels& weights, int64_t begin,
                        int64_t end, real* y) {
  const std::vector<real> zeros(static_cast<size_t>(grid.length), real{0});
  const Columns columns(weights, nullptr);
  const int64_t grain = task_tiles(grid.pixels()) * tile().rows;
  TapTable table(grid, tile().rows, x, zeros.data());
  for (int64_t first = begin; first < end; first += grain, y += grain * grid.y_pixel) {
    const int64_t last = std::min(end, first + grain);
    table.enter(first, last);
    Ahead ahead(grid, x, last, last, 1);
    for (int64_t p = 0; p < weights.count(); ++p) {
      multiply_panel(table, grid.length, columns, p, y, first * grid.y_pixel, ahead);
    }
  }
}

}  // namespace fracbit::ops
