#include "fracbit/framework/ops/tap_outer.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Pixels that are swept before the next tile of weights.
constexpr int64_t kPixels = 256;
/// Filters that one task owns.
constexpr int64_t kFilters = 64;
/// Tasks that are enough; with fewer, the images are cut into groups with a sum of their own.
constexpr int64_t kEnoughTasks = 32;
constexpr int64_t kMostGroups = 16;

/// Places along one axis of dy whose tap is inside x.
struct Range {
  int64_t begin;
  int64_t end;
};

Range inside(int64_t count, int64_t extent, int64_t step, int64_t offset) {
  const int64_t begin = offset >= 0 ? 0 : (-offset + step - 1) / step;
  const int64_t end = extent <= offset ? 0 : (extent - offset - 1) / step + 1;
  return {begin, std::min(count, end)};
}

/// The stretches of pixels that one tap pairs, the same for all tiles.
struct Runs {
  std::vector<int64_t> dy_at, x_at, lengths;

  void add(int64_t dy_pixel, int64_t x_pixel, int64_t count, const TapOuter& shape) {
    dy_at.push_back(dy_pixel * shape.dy_pixel);
    x_at.push_back(x_pixel * shape.pixel);
    lengths.push_back(count);
  }
};

Runs find_runs(const TapOuter& s, int64_t u, int64_t v, Range images) {
  const Range rows = inside(s.dy_height, s.height, s.step, u - s.padding);
  const Range columns = inside(s.dy_width, s.width, s.step, v - s.padding);
  const int64_t row_length = columns.end - columns.begin;
  Runs runs;
  if (row_length <= 0) return runs;
  const bool joined = s.step == 1 && row_length == s.dy_width && row_length == s.width;
  for (int64_t n = images.begin; n < images.end; ++n) {
    const int64_t height = joined ? 1 : rows.end - rows.begin;
    for (int64_t i = rows.begin; i < rows.begin + height; ++i) {
      const int64_t dy_pixel = (n * s.dy_height + i) * s.dy_width + columns.begin;
      const int64_t x_pixel = (n * s.height + i * s.step + u - s.padding) * s.width +
                              columns.begin * s.step + v - s.padding;
      const int64_t length = joined ? (rows.end - rows.begin) * row_length : row_length;
      for (int64_t at = 0; at < length; at += kPixels) {
        runs.add(dy_pixel + at, x_pixel + at * s.step, std::min(kPixels, length - at), s);
      }
    }
  }
  return runs;
}

/// A tile of dw: `rows` filters from `filter`, `columns` reals from `k`. The tile that is computed
/// begins earlier where it would otherwise reach past the last filter or real.
struct Piece {
  int64_t filter, k;
  int64_t rows, columns;
  int64_t back_rows, back_columns;
  bool wide;
};

std::vector<Piece> find_pieces(const TapOuter& s, Range filters) {
  const kernels::tile::Kernels& kernel = tile();
  std::vector<Piece> pieces;
  for (int64_t k = 0; k < s.length;) {
    const int64_t left = s.length - k;
    const bool wide = left > kernel.narrow_columns() && s.length >= kernel.columns;
    const int64_t width = wide ? kernel.columns : kernel.narrow_columns();
    const int64_t columns = std::min(width, left);
    const int64_t back_columns = s.length >= width ? width - columns : 0;
    for (int64_t f = filters.begin; f < filters.end; f += kernel.rows) {
      const int64_t rows = std::min(kernel.rows, filters.end - f);
      const int64_t back_rows = s.filters >= kernel.rows ? std::min(f, kernel.rows - rows) : 0;
      pieces.push_back({f, k, rows, columns, back_rows, back_columns, wide});
    }
    k += columns;
  }
  return pieces;
}

/// One tap, a block of filters and a group of images.
void sweep(const TapOuter& s, const Runs& runs, const std::vector<Piece>& pieces, const real* dy,
           const real* x, real* dw, int64_t dw_step) {
  const kernels::tile::Kernels& kernel = tile();
  std::vector<real> spare(static_cast<size_t>(kernel.rows * kernel.columns));
  const size_t count = runs.lengths.size();
  for (size_t first = 0, last = 0; first < count; first = last) {
    const int64_t length = runs.lengths[first];
    const auto most = static_cast<size_t>(std::max<int64_t>(1, kPixels / length));
    while (last < count && last - first < most && runs.lengths[last] == length) ++last;
    for (const Piece& piece : pieces) {
      const auto outer = piece.wide ? kernel.outer : kernel.outer_narrow;
      const int64_t width = piece.wide ? kernel.columns : kernel.narrow_columns();
      const kernels::tile::Runs left{dy + piece.filter - piece.back_rows, &runs.dy_at[first],
                                     s.dy_pixel};
      const kernels::tile::Runs right{x + piece.k - piece.back_columns, &runs.x_at[first],
                                      s.step * s.pixel};
      real* out = dw + piece.filter * dw_step + piece.k;
      const auto run_count = static_cast<int64_t>(last - first);
      if (piece.rows == kernel.rows && piece.columns == width) {
        outer(left, right, run_count, length, true, out, dw_step);
        continue;
      }
      outer(left, right, run_count, length, false, spare.data(), width);
      for (int64_t m = 0; m < piece.rows; ++m) {
        const real* from = spare.data() + (m + piece.back_rows) * width + piece.back_columns;
        for (int64_t n = 0; n < piece.columns; ++n) out[m * dw_step + n] += from[n];
      }
    }
  }
}

}  // namespace

int64_t tap_outer_slack() {
  return std::max(tile().columns, tile().rows);
}

void tap_outer(const TapOuter& s, const real* dy, const real* x, real* dw) {
  const int64_t taps = s.tap_rows * s.tap_columns;
  const int64_t dw_step = taps * s.length;
  const int64_t blocks = (s.filters + kFilters - 1) / kFilters;
  const int64_t tasks = taps * blocks;
  const int64_t groups = std::clamp<int64_t>((kEnoughTasks + tasks - 1) / tasks, 1,
                                             std::clamp<int64_t>(s.images, 1, kMostGroups));
  const int64_t size = s.filters * dw_step;
  Tensor sums = Tensor::zeros({groups, size});
  parallel_for(groups * tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t group = task / tasks;
      const int64_t tap = task / blocks % taps;
      const int64_t filter = task % blocks * kFilters;
      const Range images{group * s.images / groups, (group + 1) * s.images / groups};
      sweep(s, find_runs(s, tap / s.tap_columns, tap % s.tap_columns, images),
            find_pieces(s, {filter, std::min(s.filters, filter + kFilters)}), dy, x,
            sums.data() + group * size + tap * s.length, dw_step);
    }
  });
  parallel_for(size, 1 << 14, [&](int64_t begin, int64_t end) {
    std::copy(sums.data() + begin, sums.data() + end, dw + begin);
    for (int64_t group = 1; group < groups; ++group) {
      const real* from = sums.data() + group * size;
      for (int64_t i = begin; i < end; ++i) dw[i] += from[i];
    }
  });
}

}  // namespace fracbit::ops
