#include <algorithm>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/kernels/winograd/winograd.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/winograd_tiles.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

using kernels::winograd::kMostTaps;
using kernels::winograd::kPositions;

constexpr int64_t kLeastChannels = 16;
constexpr int64_t kLeastTiles = 32;
/// Channels of a panel that one task transforms.
constexpr int64_t kChannels = 32;

/// Transformed weights as the right operand of 36 products, [position][panel][channel][column].
struct Factors {
  Factors(int64_t channels_of, int64_t filters_of) : channels(channels_of), filters(filters_of) {
    const int64_t last = panels() - 1;
    columns = last * tile().columns + width(last);
    step = position_step(columns * channels);
    // Columns past the last filter are zeros.
    data = columns == filters ? Tensor::uninitialized({kPositions * step})
                              : Tensor::zeros({kPositions * step});
  }

  int64_t panels() const { return (filters + tile().columns - 1) / tile().columns; }
  int64_t used(int64_t p) const { return std::min(tile().columns, filters - p * tile().columns); }
  int64_t width(int64_t p) const { return panel_width(used(p)); }
  real* panel(int64_t p) { return data.data() + p * tile().columns * channels; }
  const real* panel(int64_t p) const { return data.data() + p * tile().columns * channels; }

  int64_t channels, filters;
  int64_t columns = 0;  ///< of all panels
  int64_t step = 0;     ///< from a position to the next
  Tensor data;
};

/// weight [filters][taps][channels]: filters become columns, by a transpose.
Factors factors_of(const WinogradShape& s, const real* weight) {
  const int64_t channels = s.channels;
  Factors made(channels, s.filters);
  const int64_t stretches = (channels + kChannels - 1) / kChannels;
  parallel_for(made.panels() * stretches, 1, [&](int64_t begin, int64_t end) {
    const int64_t step = position_step(tile().columns * kChannels);
    Tensor rows = Tensor::uninitialized({kPositions * step});
    for (int64_t task = begin; task < end; ++task) {
      const int64_t p = task / stretches;
      const int64_t c = task % stretches * kChannels;
      const int64_t count = std::min(kChannels, channels - c);
      for (int64_t n = 0; n < made.used(p); ++n) {
        const real* filter = weight + (p * tile().columns + n) * s.taps() * channels + c;
        const real* taps[kMostTaps];
        for (int64_t t = 0; t < s.taps(); ++t) taps[t] = filter + t * channels;
        winograd(s.kernel).weights(taps, count, rows.data() + n * kChannels, step);
      }
      for (int64_t position = 0; position < kPositions; ++position) {
        tile().pack(rows.data() + position * step, kChannels, made.used(p), count, made.width(p),
                    made.panel(p) + position * made.step + c * made.width(p));
      }
    }
  });
  return made;
}

/// weight [channels][taps][filters], its taps in reverse order.
Factors turned_factors_of(const WinogradShape& s, const real* weight) {
  Factors made(s.channels, s.filters);
  parallel_for(s.channels, 8, [&](int64_t begin, int64_t end) {
    for (int64_t p = 0; p < made.panels(); ++p) {
      for (int64_t c = begin; c < end; ++c) {
        const real* last = weight + (c + 1) * s.taps() * s.filters + p * tile().columns;
        const real* taps[kMostTaps];
        for (int64_t t = 0; t < s.taps(); ++t) taps[t] = last - (t + 1) * s.filters;
        winograd(s.kernel).weights(taps, made.used(p), made.panel(p) + c * made.width(p),
                                   made.step);
      }
    }
  });
  return made;
}

/// [begin, end)
struct Range {
  int64_t begin, end;
};

/// The tiles that one task takes through all positions, and the panels that it multiplies them
/// with.
class Block {
 public:
  Block(const WinogradShape& shape, const Factors& factors, Range tiles, Range panels)
      : s_(shape),
        u_(factors),
        first_(tiles.begin),
        count_(tiles.end - tiles.begin),
        panels_(panels),
        first_filter_(panels.begin * tile().columns),
        columns_((panels.end - 1) * tile().columns + u_.width(panels.end - 1) - first_filter_),
        v_step_(position_step(count_ * s_.channels)),
        m_step_(position_step(count_ * columns_)),
        v_(Tensor::uninitialized({kPositions * v_step_})),
        m_(Tensor::uninitialized({kPositions * m_step_})) {}

  void transform_source(const real* source) {
    const std::vector<real> zeros(static_cast<size_t>(s_.channels), real{0});
    for (int64_t t = 0; t < count_; ++t) {
      const WinogradTile at(s_, first_ + t);
      const real* pixels[kPositions];
      enter_pixels(source + at.image * s_.height * s_.width * s_.channels, s_.height, s_.width,
                   s_.channels, at.row - s_.offset, at.column - s_.offset,
                   kernels::winograd::kReach, zeros.data(), pixels);
      winograd(s_.kernel).input(pixels, s_.channels, v_.data() + t * s_.channels, v_step_);
    }
  }

  void multiply() {
    const kernels::tile::Kernels& kernel = tile();
    const std::vector<real> zeros(static_cast<size_t>(kernel.columns), real{0});
    const real* starts[kernels::tile::kMaxRows];
    std::fill_n(starts, kernel.rows, zeros.data());
    for (int64_t position = 0; position < kPositions; ++position) {
      const real* v = v_.data() + position * v_step_;
      real* m = m_.data() + position * m_step_;
      for (int64_t p = panels_.begin; p < panels_.end; ++p) {
        const auto product = u_.width(p) == kernel.columns ? kernel.product : kernel.product_narrow;
        for (int64_t t = 0; t < count_; t += kernel.rows) {
          const real* rows[kernels::tile::kMaxRows];
          real* sums[kernels::tile::kMaxRows];
          for (int64_t i = 0; i < kernel.rows; ++i) {
            const int64_t row = std::min(t + i, count_ - 1);
            rows[i] = v + row * s_.channels;
            sums[i] = m + row * columns_ + p * kernel.columns - first_filter_;
          }
          product(rows, 1, s_.channels, u_.panel(p) + position * u_.step, starts, sums);
        }
      }
    }
  }

  void transform_result(const real* bias, real* result) {
    const int64_t filters = std::min(columns_, s_.filters - first_filter_);
    std::vector<real> outside(static_cast<size_t>(filters));
    result += first_filter_;
    for (int64_t t = 0; t < count_; ++t) {
      const WinogradTile at(s_, first_ + t);
      real* pixels[kPositions];
      enter_pixels(result + at.image * s_.out_height * s_.out_width * s_.filters, s_.out_height,
                   s_.out_width, s_.filters, at.row, at.column, s_.tile(), outside.data(), pixels);
      winograd(s_.kernel).output(m_.data() + t * columns_, m_step_, filters, bias + first_filter_,
                                 pixels);
    }
  }

 private:
  const WinogradShape& s_;
  const Factors& u_;
  int64_t first_, count_;
  Range panels_;
  int64_t first_filter_, columns_;
  int64_t v_step_, m_step_;
  Tensor v_;  ///< [position][tile][channel]
  Tensor m_;  ///< [position][tile][column]
};

/// Rows of tiles of a block. With many weights, more tiles share what is read of them; rows of
/// tiles fill rows of a register tile where that takes no more than twice the tiles wanted.
int64_t block_rows(const WinogradShape& s, const Factors& factors) {
  const int64_t wanted = (factors.channels * factors.filters > 256 * 256 ? 8 : 4) * tile().rows;
  const int64_t least = (wanted + s.tile_columns() - 1) / s.tile_columns();
  for (int64_t rows = least; rows < 2 * least; ++rows) {
    if (rows * s.tile_columns() % tile().rows == 0) return rows;
  }
  return least;
}

/// Tasks that share the tiles of a block: with few blocks each takes some of the panels, and
/// transforms the source of all tiles for itself.
int64_t tasks_of_block(const Factors& factors, int64_t blocks) {
  constexpr int64_t kEnough = 8, kLeastPanels = 4;
  return std::clamp<int64_t>(kEnough / std::max<int64_t>(1, blocks), 1,
                             std::max<int64_t>(1, factors.panels() / kLeastPanels));
}

/// The first pixel of a row of tiles, counted through all images.
int64_t first_pixel(const WinogradShape& s, int64_t tile_row) {
  const int64_t image = tile_row / s.tile_rows();
  return (image * s.out_height + tile_row % s.tile_rows() * s.tile()) * s.out_width;
}

void multiply(const WinogradShape& s, const real* source, const Factors& factors, const real* bias,
              real* result, PixelPass* pass) {
  std::vector<real> zeros;
  if (bias == nullptr) zeros.resize(static_cast<size_t>(s.filters));
  const int64_t rows = s.images * s.tile_rows();
  const int64_t grain = block_rows(s, factors);
  const int64_t blocks = (rows + grain - 1) / grain;
  const int64_t tasks = tasks_of_block(factors, blocks), panels = factors.panels();
  const auto pass_over_block = [&](int64_t block) {
    const int64_t first = first_pixel(s, block * grain);
    const int64_t last = first_pixel(s, std::min(rows, (block + 1) * grain));
    pass->add(block, result + first * s.filters, last - first);
  };
  if (pass != nullptr) pass->start(blocks, s.filters);
  parallel_for(blocks * tasks, 1, [&](int64_t number, int64_t) {
    const int64_t row = number / tasks * grain, task = number % tasks;
    Block block(s, factors,
                {row * s.tile_columns(), std::min(rows, row + grain) * s.tile_columns()},
                {task * panels / tasks, (task + 1) * panels / tasks});
    block.transform_source(source);
    block.multiply();
    block.transform_result(bias == nullptr ? zeros.data() : bias, result);
    if (pass != nullptr && tasks == 1) pass_over_block(number);
  });
  if (pass == nullptr || tasks == 1) return;
  parallel_for(blocks, 1, [&](int64_t block, int64_t) { pass_over_block(block); });
}

}  // namespace

const kernels::winograd::Transforms& winograd(int64_t kernel) {
  static const kernels::winograd::Kernels& kernels =
      kernels::winograd::find(isa_name(active_isa()).data());
  return kernel == 3 ? kernels.size3 : kernels.size5;
}

bool winograd_fits(const WinogradShape& s) {
  return std::min(s.channels, s.filters) >= kLeastChannels && s.tiles() >= kLeastTiles &&
         s.tile() * s.tile() * s.tiles() <= 2 * s.images * s.out_height * s.out_width;
}

void winograd_product(const WinogradShape& s, const real* source, const real* weight,
                      const real* bias, real* result, PixelPass* pass) {
  multiply(s, source, factors_of(s, weight), bias, result, pass);
}

void winograd_turned_product(const WinogradShape& s, const real* source, const real* weight,
                             real* result) {
  multiply(s, source, turned_factors_of(s, weight), nullptr, result, nullptr);
}

}  // namespace fracbit::ops
