#include <algorithm>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/kernels/winograd/winograd.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/winograd_tiles.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

using kernels::winograd::kPositions;

/// Transformed tiles are multiplied in groups, with about as many reals as there are sums, between
/// these bounds: larger groups leave the caches, with smaller ones it is the sums that do.
constexpr int64_t kLeastGroup = 1 << 17;
constexpr int64_t kMostGroup = 9 << 18;
constexpr int64_t kTiles = 8;
/// Tasks are parts of the tiles, with sums of their own, and blocks of filters: what one thread has
/// transformed or summed no other one reads, which would cost as much as the products do. A part
/// has many tiles beside its sums, and the sums of all parts are not many. Where parts are fewer
/// than threads, or one, blocks of filters transform the source again.
constexpr int64_t kPartTiles = 256;
constexpr int64_t kMostParts = 16;
constexpr int64_t kMostSums = 5 << 19;
constexpr int64_t kMostSumsOfTwo = 5 << 20;
constexpr int64_t kLeastTasks = 2;
constexpr int64_t kLeastFilters = 64;
/// A block of products: tiles of filters, and channels.
constexpr int64_t kFilterTiles = 8;
constexpr int64_t kChannels = 128;

int64_t round_up(int64_t n, int64_t unit) {
  return (n + unit - 1) / unit * unit;
}

/// Transformed rows of a group of tiles, [position][tile][column]; columns past the used ones are
/// zeros.
struct Rows {
  Rows(int64_t tiles, int64_t used, int64_t unit)
      : columns(round_up(used, unit)),
        row(columns % 32 == 0 ? columns + 16 : columns),
        step(position_step(tiles * row)),
        data(columns == used ? Tensor::uninitialized({kPositions * step})
                             : Tensor::zeros({kPositions * step})) {}

  int64_t columns;
  int64_t row;   ///< from a tile to the next: no power of two
  int64_t step;  ///< from a position to the next
  Tensor data;
};

/// The sums over tiles of products at 36 positions, [position][filter][channel].
struct Sums {
  explicit Sums(const WinogradShape& s)
      : columns(round_up(s.channels, tile().narrow_columns())),
        rows(round_up(s.filters, tile().rows)),
        step(position_step(rows * columns)) {}

  int64_t size() const { return kPositions * step; }

  int64_t columns, rows;
  int64_t step;  ///< from a position to the next
};

/// One task: the sums of some filters over some tiles, group after group of them.
class Sweep {
 public:
  /// Filters [first, first + count).
  Sweep(const WinogradShape& shape, const Sums& layout, int64_t first, int64_t count)
      : s_(shape),
        layout_(layout),
        first_(first),
        filters_(count),
        group_(group_tiles()),
        v_(group_, s_.channels, tile().narrow_columns()),
        w_(group_, filters_, tile().rows),
        zeros_(static_cast<size_t>(std::max(s_.channels, s_.filters)), real{0}) {}

  /// Tiles [begin, end), which are some.
  void run(const real* source, const real* dresult, int64_t begin, int64_t end, real* sums) {
    for (int64_t tile = begin; tile < end; tile += group_) {
      const int64_t count = std::min(group_, end - tile);
      TilePixels source_tiles(s_, source_images(s_, source), zeros_.data(), tile);
      TilePixels gradient_tiles(s_, gradient_images(s_, dresult, first_, filters_), zeros_.data(),
                                tile);
      for (int64_t t = 0; t < count; ++t) {
        transform(source_tiles.next(), gradient_tiles.next(), t);
      }
      multiply(count, tile > begin, sums);
    }
  }

 private:
  /// By all filters, however many are this task's: the order of sums follows from it.
  int64_t group_tiles() const {
    const int64_t sums = kPositions * s_.filters * layout_.columns;
    const int64_t per_tile = kPositions * (s_.channels + s_.filters);
    const int64_t wanted = std::clamp(sums, kLeastGroup, kMostGroup) / per_tile;
    return std::min(s_.tiles(), std::max<int64_t>(1, wanted / kTiles) * kTiles);
  }

  /// A tile becomes row t.
  void transform(const real* const* source, const real* const* dresult, int64_t t) {
    const kernels::winograd::Transforms& transforms = winograd(s_.kernel);
    transforms.input(source, s_.channels, v_.data.data() + t * v_.row, v_.step);
    transforms.output_gradient(dresult, filters_, w_.data.data() + t * w_.row, w_.step);
  }

  /// sums[position][f][c] = or += sum over t < count of w[position][t][f] v[position][t][c].
  void multiply(int64_t count, bool add, real* sums) {
    const int64_t block = kFilterTiles * tile().rows;
    for (int64_t position = 0; position < kPositions; ++position) {
      for (int64_t f = 0; f < w_.columns; f += block) {
        for (int64_t c = 0; c < layout_.columns; c += kChannels) {
          multiply_block(position, f, c, count, add, sums);
        }
      }
    }
  }

  void multiply_block(int64_t position, int64_t filter, int64_t channel, int64_t count, bool add,
                      real* sums) {
    const kernels::tile::Kernels& kernel = tile();
    const int64_t start = 0;
    const real* w = w_.data.data() + position * w_.step;
    const real* v = v_.data.data() + position * v_.step;
    real* out = sums + position * layout_.step + first_ * layout_.columns;
    const int64_t last_channel = std::min(layout_.columns, channel + kChannels);
    const int64_t last_filter = std::min(w_.columns, filter + kFilterTiles * kernel.rows);
    for (int64_t c = channel; c < last_channel; c += kernel.columns) {
      const auto outer = c + kernel.columns <= last_channel ? kernel.outer : kernel.outer_narrow;
      for (int64_t f = filter; f < last_filter; f += kernel.rows) {
        outer({w + f, &start, w_.row}, {v + c, &start, v_.row}, 1, count, add,
              out + f * layout_.columns + c, layout_.columns);
      }
    }
  }

  const WinogradShape& s_;
  const Sums& layout_;
  int64_t first_, filters_;
  int64_t group_;
  Rows v_;  ///< of the source
  Rows w_;  ///< of the gradient
  std::vector<real> zeros_;
};

/// sums[0] += sums[1] + ..., in this order.
void add_parts(const Sums& layout, int64_t parts, real* sums) {
  parallel_for(layout.size(), 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t part = 1; part < parts; ++part) {
      const real* from = sums + part * layout.size();
      for (int64_t i = begin; i < end; ++i) sums[i] += from[i];
    }
  });
}

/// A power of two, so that few threads share the tasks evenly.
int64_t parts_of(const WinogradShape& s, const Sums& layout) {
  if (s.tiles() < kPartTiles || 2 * layout.size() > kMostSumsOfTwo) return 1;
  int64_t parts = 2;
  while (parts < kMostParts && 2 * parts * kPartTiles <= s.tiles() &&
         2 * parts * layout.size() <= kMostSums) {
    parts *= 2;
  }
  return parts;
}

void transform_sums(const WinogradShape& s, const Sums& layout, const real* sums, real* dweight) {
  parallel_for(s.filters, 4, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) {
      real* taps[kernels::winograd::kMostTaps];
      for (int64_t t = 0; t < s.taps(); ++t) taps[t] = dweight + (f * s.taps() + t) * s.channels;
      winograd(s.kernel).weight_gradient(sums + f * layout.columns, layout.step, s.channels, taps);
    }
  });
}

}  // namespace

void winograd_weight_gradient(const WinogradShape& s, const real* source, const real* dresult,
                              real* dweight) {
  const Sums layout(s);
  const int64_t parts = parts_of(s, layout);
  const int64_t tasks = std::max<int64_t>(kLeastTasks, threads());
  const int64_t wanted = std::max<int64_t>(1, tasks / parts);
  const int64_t each = round_up(std::max(kLeastFilters, (s.filters + wanted - 1) / wanted),
                                kFilterTiles * tile().rows);
  const int64_t blocks = (s.filters + each - 1) / each;
  Tensor sums = Tensor::uninitialized({parts * layout.size()});
  parallel_for(parts * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t part = task / blocks, first = task % blocks * each;
      Sweep(s, layout, first, std::min(each, s.filters - first))
          .run(source, dresult, part * s.tiles() / parts, (part + 1) * s.tiles() / parts,
               sums.data() + part * layout.size());
    }
  });
  add_parts(layout, parts, sums.data());
  transform_sums(s, layout, sums.data(), dweight);
}

}  // namespace fracbit::ops
