#include "fracbit/framework/ops/tap_outer.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

/// Pixels of dy that are swept, with all taps, before the next ones: they and x stay in cache.
constexpr int64_t kPixels = 256;
/// Filters and reals of x that one task owns; with a single tap the block of dw is smaller, and
/// reading x and dy again for the next block costs more.
constexpr int64_t kFilters = 128;
constexpr int64_t kLength = 64;
constexpr int64_t kOneTapFilters = 128;
constexpr int64_t kOneTapLength = 256;
/// Tasks that are enough; with fewer, the images are cut into groups with a sum of their own.
constexpr int64_t kEnoughTasks = 16;
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
struct Stretches {
  std::vector<int64_t> dy_at, x_at, lengths;

  /// Pixels that follow the last stretch in both operands join it.
  void add(int64_t dy_pixel, int64_t x_pixel, int64_t count, const TapOuter& s) {
    const int64_t at = dy_pixel * s.dy_pixel;
    const int64_t from = x_pixel * s.pixel;
    if (!lengths.empty() && s.step == 1 && dy_at.back() + lengths.back() * s.dy_pixel == at &&
        x_at.back() + lengths.back() * s.pixel == from) {
      lengths.back() += count;
      return;
    }
    dy_at.push_back(at);
    x_at.push_back(from);
    lengths.push_back(count);
  }
};

/// For rows [begin, end) of dy, counted through all images.
Stretches find_stretches(const TapOuter& s, int64_t u, int64_t v, int64_t begin, int64_t end) {
  const Range rows = inside(s.dy_height, s.height, s.step, u - s.padding);
  const Range columns = inside(s.dy_width, s.width, s.step, v - s.padding);
  Stretches found;
  if (columns.begin >= columns.end) return found;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t image = row / s.dy_height;
    const int64_t i = row % s.dy_height;
    if (i < rows.begin || i >= rows.end) continue;
    const int64_t x_row = image * s.height + i * s.step + u - s.padding;
    found.add(row * s.dy_width + columns.begin,
              x_row * s.width + columns.begin * s.step + v - s.padding, columns.end - columns.begin,
              s);
  }
  return found;
}

/// A tile of dw: `rows` filters from `filter`, `columns` reals from `k`. The tile that is computed
/// begins earlier where it would otherwise reach past the last filter.
struct Piece {
  int64_t filter, k;
  int64_t rows, columns;
  int64_t back_rows;
  int64_t width;  ///< columns of the kernel
};

/// The tiles of a block of filters and of reals of x, those of the same reals one after the other.
std::vector<Piece> find_pieces(const TapOuter& s, Range filters, Range length) {
  const kernels::tile::Kernels& kernel = tile();
  std::vector<Piece> pieces;
  for (int64_t k = length.begin; k < length.end;) {
    const int64_t width = panel_width(length.end - k);
    const int64_t columns = std::min(width, length.end - k);
    for (int64_t f = filters.begin; f < filters.end; f += kernel.rows) {
      const int64_t rows = std::min(kernel.rows, filters.end - f);
      const int64_t back_rows = s.filters >= kernel.rows ? kernel.rows - rows : 0;
      pieces.push_back({f, k, rows, columns, std::min(f, back_rows), width});
    }
    k += columns;
  }
  return pieces;
}

/// One task: a block of dw and a group of images.
class Sweep {
 public:
  Sweep(const TapOuter& shape, const real* dy, const real* x, real* dw)
      : s_(shape), dy_(dy), x_(x), dw_(dw) {}

  void run(const std::vector<Piece>& pieces, Range filters, Range images) {
    const int64_t last_row = images.end * s_.dy_height;
    const int64_t rows = std::max<int64_t>(1, kPixels / std::max<int64_t>(1, s_.dy_width));
    for (int64_t row = images.begin * s_.dy_height; row < last_row; row += rows) {
      fetch(filters, row, std::min(last_row, row + rows));
      for (int64_t tap = 0; tap < s_.tap_rows * s_.tap_columns; ++tap) {
        add_tap(pieces, tap,
                find_stretches(s_, tap / s_.tap_columns, tap % s_.tap_columns, row,
                               std::min(last_row, row + rows)));
      }
    }
  }

 private:
  /// Rows of dy on their way into the cache in the order of memory: tiles read a few of their
  /// filters at a time.
  void fetch(Range filters, int64_t begin, int64_t end) const {
    constexpr int64_t kLine = 64 / sizeof(real);
    for (int64_t pixel = begin * s_.dy_width; pixel < end * s_.dy_width; ++pixel) {
      const real* at = dy_ + pixel * s_.dy_pixel;
      for (int64_t f = filters.begin; f < filters.end; f += kLine) __builtin_prefetch(at + f);
    }
  }

  /// Stretches of one length go to the kernel together.
  void add_tap(const std::vector<Piece>& pieces, int64_t tap, const Stretches& found) {
    const size_t count = found.lengths.size();
    for (size_t first = 0, last = 0; first < count; first = last) {
      while (last < count && found.lengths[last] == found.lengths[first]) ++last;
      int64_t packed = -1;
      for (const Piece& piece : pieces) {
        if (piece.k != packed) pack(piece, found, first, last);
        packed = piece.k;
        add_piece(piece, tap, found, first, last);
      }
    }
  }

  /// The reals of x that a piece takes, pixel after pixel, as all tiles of filters read them.
  void pack(const Piece& piece, const Stretches& found, size_t first, size_t last) {
    const int64_t length = found.lengths[first], size = length * piece.width;
    packed_.resize(static_cast<size_t>(size) * (last - first));
    packed_at_.clear();
    for (size_t i = first; i < last; ++i) {
      const int64_t at = static_cast<int64_t>(i - first) * size;
      tile().copy(x_ + found.x_at[i] + piece.k, s_.step * s_.pixel, piece.columns, length,
                  piece.width, packed_.data() + at);
      packed_at_.push_back(at);
    }
  }

  void add_piece(const Piece& piece, int64_t tap, const Stretches& found, size_t first,
                 size_t last) {
    const kernels::tile::Kernels& kernel = tile();
    const auto outer = piece.width == kernel.columns ? kernel.outer : kernel.outer_narrow;
    const kernels::tile::Runs left{dy_ + piece.filter - piece.back_rows, &found.dy_at[first],
                                   s_.dy_pixel};
    const kernels::tile::Runs right{packed_.data(), packed_at_.data(), piece.width};
    const int64_t step = s_.tap_rows * s_.tap_columns * s_.length;
    real* out = dw_ + piece.filter * step + tap * s_.length + piece.k;
    const auto count = static_cast<int64_t>(last - first);
    if (piece.rows == kernel.rows && piece.columns == piece.width) {
      outer(left, right, count, found.lengths[first], true, out, step);
      return;
    }
    real spare[kernels::tile::kMaxRows * kernels::tile::kMaxColumns];
    outer(left, right, count, found.lengths[first], false, spare, piece.width);
    for (int64_t m = 0; m < piece.rows; ++m) {
      const real* from = spare + (m + piece.back_rows) * piece.width;
      for (int64_t n = 0; n < piece.columns; ++n) out[m * step + n] += from[n];
    }
  }

  const TapOuter& s_;
  const real* dy_;
  const real* x_;
  real* dw_;
  std::vector<real> packed_;
  std::vector<int64_t> packed_at_;
};

/// dw[i] = sum over groups of sums[group][i], in their order.
void add_groups(const Tensor& sums, int64_t groups, int64_t size, real* dw) {
  parallel_for(size, 1 << 14, [&](int64_t begin, int64_t end) {
    std::copy(sums.data() + begin, sums.data() + end, dw + begin);
    for (int64_t group = 1; group < groups; ++group) {
      const real* from = sums.data() + group * size;
      for (int64_t i = begin; i < end; ++i) dw[i] += from[i];
    }
  });
}

}  // namespace

bool reads_past_dy(const TapOuter& s) {
  return s.filters < tile().rows;
}

int64_t tap_outer_slack() {
  return tile().rows;
}

void tap_outer(const TapOuter& s, const real* dy, const real* x, real* dw) {
  const bool one_tap = s.tap_rows * s.tap_columns == 1;
  const int64_t filter_block = one_tap ? kOneTapFilters : kFilters;
  const int64_t length_block = one_tap ? kOneTapLength : kLength;
  const int64_t filter_blocks = (s.filters + filter_block - 1) / filter_block;
  const int64_t length_blocks = (s.length + length_block - 1) / length_block;
  const int64_t tasks = filter_blocks * length_blocks;
  const int64_t groups = std::clamp<int64_t>((kEnoughTasks + tasks - 1) / tasks, 1,
                                             std::clamp<int64_t>(s.images, 1, kMostGroups));
  const int64_t size = s.filters * s.tap_rows * s.tap_columns * s.length;
  Tensor sums;
  if (groups > 1) sums = Tensor::uninitialized({groups, size});
  real* to = groups > 1 ? sums.data() : dw;
  parallel_for(groups, 1, [&](int64_t begin, int64_t end) {
    std::fill(to + begin * size, to + end * size, real{0});
  });
  parallel_for(groups * tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t group = task / tasks;
      const int64_t filter = task / length_blocks % filter_blocks * filter_block;
      const int64_t k = task % length_blocks * length_block;
      const Range filters{filter, std::min(s.filters, filter + filter_block)};
      const Range length{k, std::min(s.length, k + length_block)};
      Sweep(s, dy, x, to + group * size)
          .run(find_pieces(s, filters, length), filters,
               {group * s.images / groups, (group + 1) * s.images / groups});
    }
  });
  if (groups > 1) add_groups(sums, groups, size, dw);
}

}  // namespace fracbit::ops
