#include "fracbit/framework/ops/winograd_positions.h"

#include <algorithm>
#include <vector>

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/kernels/winograd/winograd.h"
#include "fracbit/framework/ops/winograd_tiles.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

using kernels::winograd::kPositions;

/// Most numbers of transformed tiles, before and after the products, and of transformed weights.
constexpr int64_t kMostTileNumbers = kPositions << 17;
constexpr int64_t kMostFactors = kPositions << 14;
/// Tiles that one task transforms, at least: so many that blocks of a pass have some pixels.
constexpr int64_t kTaskTiles = 16;

/// Rows of tiles as operands and results of 36 products.
class Positions {
 public:
  Positions(const WinogradShape& shape, int64_t columns)
      : s_(shape),
        columns_(columns),
        v_step_(position_step(s_.tiles() * s_.channels)),
        m_step_(position_step(s_.tiles() * columns)),
        v_(Tensor::uninitialized({kPositions * v_step_})),
        m_(Tensor::uninitialized({kPositions * m_step_})),
        zeros_(static_cast<size_t>(std::max({s_.channels, s_.filters, tile().columns})), real{0}) {}

  void transform_source(const real* source, int64_t begin, int64_t end) {
    TilePixels tiles(s_, source_images(s_, source), zeros_.data(), begin);
    for (int64_t t = begin; t < end; ++t) {
      winograd(s_.kernel).input(tiles.next(), s_.channels, v_.data() + t * s_.channels, v_step_);
    }
  }

  /// The products with weights of the filters from `first` on, at one position.
  void multiply(int64_t position, const WinogradFactors& u, int64_t first) {
    const kernels::tile::Kernels& kernel = tile();
    const real* v = v_.data() + position * v_step_;
    real* m = m_.data() + position * m_step_ + first;
    const real* starts[kernels::tile::kMaxRows];
    std::fill_n(starts, kernel.rows, zeros_.data());
    for (int64_t p = 0; p < u.panels(); ++p) {
      const auto product = u.width(p) == kernel.columns ? kernel.product : kernel.product_narrow;
      for (int64_t t = 0; t < s_.tiles(); t += kernel.rows) {
        const real* rows[kernels::tile::kMaxRows];
        real* sums[kernels::tile::kMaxRows];
        for (int64_t i = 0; i < kernel.rows; ++i) {
          const int64_t row = std::min(t + i, s_.tiles() - 1);
          rows[i] = v + row * s_.channels;
          sums[i] = m + row * columns_ + p * kernel.columns;
        }
        product(rows, 1, s_.channels, u.panel(p) + position * u.step, starts, sums);
      }
    }
  }

  void transform_result(const real* bias, real* result, int64_t begin, int64_t end) const {
    std::vector<real> outside(static_cast<size_t>(s_.filters));
    for (int64_t t = begin; t < end; ++t) {
      const WinogradTile at(s_, t);
      real* pixels[kPositions];
      enter_pixels(result + at.image * s_.out_height * s_.out_width * s_.filters, s_.out_height,
                   s_.out_width, s_.filters, at.row, at.column, s_.tile(), outside.data(), pixels);
      winograd(s_.kernel).output(m_.data() + t * columns_, m_step_, s_.filters,
                                 bias == nullptr ? zeros_.data() : bias, pixels);
    }
  }

 private:
  const WinogradShape& s_;
  int64_t columns_;
  int64_t v_step_, m_step_;
  Tensor v_;  ///< [position][tile][channel]
  Tensor m_;  ///< [position][tile][column]
  std::vector<real> zeros_;
};

int64_t columns_of(const WinogradShape& s) {
  return (s.filters + tile().columns - 1) / tile().columns * tile().columns;
}

}  // namespace

bool winograd_takes_positions(const WinogradShape& s) {
  constexpr int64_t kManyWeights = 256 * 256;
  return s.channels * s.filters >= kManyWeights &&
         kPositions * s.tiles() * (s.channels + columns_of(s)) <= kMostTileNumbers;
}

void winograd_by_positions(const WinogradShape& s, const real* source,
                           const WinogradWeights& weights, const real* bias, real* result,
                           PixelPass* pass) {
  Positions positions(s, columns_of(s));
  const int64_t rows = s.images * s.tile_rows();
  const int64_t grain = (kTaskTiles + s.tile_columns() - 1) / s.tile_columns();
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    positions.transform_source(source, begin * s.tile_columns(), end * s.tile_columns());
  });
  const int64_t units = kMostFactors / (kPositions * s.channels * tile().columns);
  const int64_t stretch = std::max<int64_t>(1, units) * tile().columns;
  for (int64_t first = 0; first < s.filters; first += stretch) {
    const WinogradFactors factors(s, weights, first, std::min(stretch, s.filters - first));
    parallel_for(kPositions, 1,
                 [&](int64_t position, int64_t) { positions.multiply(position, factors, first); });
  }
  if (pass != nullptr) pass->start((rows + grain - 1) / grain, s.filters);
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    positions.transform_result(bias, result, begin * s.tile_columns(), end * s.tile_columns());
    if (pass == nullptr) return;
    const int64_t pixel = first_pixel(s, begin);
    pass->add(begin / grain, result + pixel * s.filters, first_pixel(s, end) - pixel);
  });
}

}  // namespace fracbit::ops
