#include <algorithm>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/kernels/winograd/winograd.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/winograd_factors.h"
#include "fracbit/framework/ops/winograd_positions.h"
#include "fracbit/framework/ops/winograd_tiles.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

using kernels::winograd::kPositions;

constexpr int64_t kLeastChannels = 16;
constexpr int64_t kLeastTiles = 32;

/// [begin, end)
struct Range {
  int64_t begin, end;
};

/// The tiles that one task takes through all positions, and the panels that it multiplies them
/// with.
class Block {
 public:
  Block(const WinogradShape& shape, const WinogradFactors& factors, Range tiles, Range panels)
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
    TilePixels tiles(s_, source_images(s_, source), zeros.data(), first_);
    for (int64_t t = 0; t < count_; ++t) {
      winograd(s_.kernel).input(tiles.next(), s_.channels, v_.data() + t * s_.channels, v_step_);
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
  const WinogradFactors& u_;
  int64_t first_, count_;
  Range panels_;
  int64_t first_filter_, columns_;
  int64_t v_step_, m_step_;
  Tensor v_;  ///< [position][tile][channel]
  Tensor m_;  ///< [position][tile][column]
};

/// Rows of tiles of a block. With many weights, more tiles share what is read of them; rows of
/// tiles fill rows of a register tile where that takes no more than twice the tiles wanted.
int64_t block_rows(const WinogradShape& s, const WinogradFactors& factors) {
  const int64_t wanted = (factors.channels * factors.filters > 256 * 256 ? 8 : 4) * tile().rows;
  const int64_t least = (wanted + s.tile_columns() - 1) / s.tile_columns();
  for (int64_t rows = least; rows < 2 * least; ++rows) {
    if (rows * s.tile_columns() % tile().rows == 0) return rows;
  }
  return least;
}

/// Tasks that share the tiles of a block: with few blocks each takes some of the panels, and
/// transforms the source of all tiles for itself.
int64_t tasks_of_block(const WinogradFactors& factors, int64_t blocks) {
  constexpr int64_t kEnough = 8, kLeastPanels = 4;
  return std::clamp<int64_t>(kEnough / std::max<int64_t>(1, blocks), 1,
                             std::max<int64_t>(1, factors.panels() / kLeastPanels));
}

void multiply(const WinogradShape& s, const real* source, const WinogradWeights& weights,
              const real* bias, real* result, PixelPass* pass) {
  const WinogradFactors factors(s, weights, 0, s.filters);
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
  const WinogradWeights weights{.data = weight, .turned = false};
  const auto product = winograd_takes_positions(s) ? winograd_by_positions : multiply;
  product(s, source, weights, bias, result, pass);
}

void winograd_turned_product(const WinogradShape& s, const real* source, const real* weight,
                             real* result) {
  const WinogradWeights weights{.data = weight, .turned = true};
  const auto product = winograd_takes_positions(s) ? winograd_by_positions : multiply;
  product(s, source, weights, nullptr, result, nullptr);
}

}  // namespace fracbit::ops
