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
/// Few sums are kept once for each of up to kMostStrips parts of the tiles, kStripGroups groups
/// each or more, which need not wait for each other.
constexpr int64_t kFewSums = 5 << 16;
constexpr int64_t kMostStrips = 16;
constexpr int64_t kStripGroups = 8;
/// Tiles that one task transforms.
constexpr int64_t kTiles = 8;
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

/// Sums over tiles, group after group of them.
class Sweep {
 public:
  Sweep(const WinogradShape& shape, const Sums& layout, int64_t group, real* sums)
      : s_(shape),
        layout_(layout),
        group_(group),
        v_(group, s_.channels, tile().narrow_columns()),
        w_(group, s_.filters, tile().rows),
        zeros_(static_cast<size_t>(std::max(s_.channels, s_.filters)), real{0}),
        sums_(sums) {}

  /// Tiles [begin, end).
  void run(const real* source, const real* dresult, int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += group_) {
      const int64_t count = std::min(group_, end - first);
      transform(source, dresult, first, count);
      multiply(count, first > begin);
    }
  }

 private:
  /// Tiles [first, first + count).
  void transform(const real* source, const real* dresult, int64_t first, int64_t count) {
    parallel_for(count, kTiles, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) transform_tile(source, dresult, first + t, t);
    });
  }

  /// sums[position][f][c] = or += sum over t < count of w[position][t][f] v[position][t][c].
  void multiply(int64_t count, bool add) {
    const int64_t filters = kFilterTiles * tile().rows;
    const int64_t filter_blocks = (layout_.rows + filters - 1) / filters;
    const int64_t channel_blocks = (layout_.columns + kChannels - 1) / kChannels;
    const int64_t blocks = filter_blocks * channel_blocks;
    parallel_for(kPositions * blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        multiply_block(task / blocks, task % blocks / channel_blocks * filters,
                       task % channel_blocks * kChannels, count, add);
      }
    });
  }

  void transform_tile(const real* source, const real* dresult, int64_t number, int64_t t) {
    const WinogradTile at(s_, number);
    const real* pixels[kPositions];
    enter_pixels(source + at.image * s_.height * s_.width * s_.channels, s_.height, s_.width,
                 s_.channels, at.row - s_.offset, at.column - s_.offset, kernels::winograd::kReach,
                 zeros_.data(), pixels);
    winograd(s_.kernel).input(pixels, s_.channels, v_.data.data() + t * v_.row, v_.step);
    enter_pixels(dresult + at.image * s_.out_height * s_.out_width * s_.filters, s_.out_height,
                 s_.out_width, s_.filters, at.row, at.column, s_.tile(), zeros_.data(), pixels);
    winograd(s_.kernel).output_gradient(pixels, s_.filters, w_.data.data() + t * w_.row, w_.step);
  }

  void multiply_block(int64_t position, int64_t filter, int64_t channel, int64_t count, bool add) {
    const kernels::tile::Kernels& kernel = tile();
    const int64_t start = 0;
    const real* w = w_.data.data() + position * w_.step;
    const real* v = v_.data.data() + position * v_.step;
    real* sums = sums_ + position * layout_.step;
    const int64_t last_channel = std::min(layout_.columns, channel + kChannels);
    const int64_t last_filter = std::min(layout_.rows, filter + kFilterTiles * kernel.rows);
    for (int64_t c = channel; c < last_channel; c += kernel.columns) {
      const auto outer = c + kernel.columns <= last_channel ? kernel.outer : kernel.outer_narrow;
      for (int64_t f = filter; f < last_filter; f += kernel.rows) {
        outer({w + f, &start, w_.row}, {v + c, &start, v_.row}, 1, count, add,
              sums + f * layout_.columns + c, layout_.columns);
      }
    }
  }

  const WinogradShape& s_;
  const Sums& layout_;
  int64_t group_;
  Rows v_;  ///< of the source
  Rows w_;  ///< of the gradient
  std::vector<real> zeros_;
  real* sums_;
};

/// sums[0] += sums[1] + ..., in this order.
void add_strips(const Sums& layout, int64_t strips, real* sums) {
  parallel_for(layout.size(), 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t strip = 1; strip < strips; ++strip) {
      const real* from = sums + strip * layout.size();
      for (int64_t i = begin; i < end; ++i) sums[i] += from[i];
    }
  });
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
  const int64_t per_tile = kPositions * (s.channels + s.filters);
  const int64_t wanted = std::clamp(layout.size(), kLeastGroup, kMostGroup) / per_tile;
  const int64_t group = std::min(s.tiles(), std::max<int64_t>(1, wanted / kTiles) * kTiles);
  const int64_t groups = (s.tiles() + group - 1) / group;
  const int64_t strips =
      layout.size() > kFewSums ? 1 : std::clamp<int64_t>(groups / kStripGroups, 1, kMostStrips);
  Tensor sums = Tensor::uninitialized({strips * layout.size()});
  parallel_for(strips, 1, [&](int64_t begin, int64_t end) {
    for (int64_t strip = begin; strip < end; ++strip) {
      Sweep(s, layout, group, sums.data() + strip * layout.size())
          .run(source, dresult, strip * groups / strips * group,
               std::min(s.tiles(), (strip + 1) * groups / strips * group));
    }
  });
  add_strips(layout, strips, sums.data());
  transform_sums(s, layout, sums.data(), dweight);
}

}  // namespace fracbit::ops
