#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/buffer.h"
#include "fracbit/framework/ops/bit_product/geometry.h"
#include "fracbit/framework/ops/bit_product/plan.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
}

namespace fracbit::kernels::lookup {
struct Kernels;
}

namespace fracbit::ops::bit_product {

/// The filters of one group in the layout of the kernels: blocks of `block` filters, within a block
/// [plane][tap, word][filter]. Filters past the last are zeros.
class Filters {
 public:
  Filters(const BitTensor& w, const Geometry& geometry, int64_t group, int64_t block);

  int64_t blocks() const { return blocks_; }
  /// Filters of a block.
  int64_t block_filters() const { return block_; }
  /// Words of one plane of one filter: taps times words per tap.
  int64_t words() const { return words_; }
  const uint64_t* block(int64_t b) const { return data_.data() + b * block_size_; }
  /// Words from one plane of a block to the next.
  int64_t plane_size() const { return words_ * block_; }

  /// The planes of a step as bits of groups of four, for lookup:
  /// [blocks][planes][words][16][block].
  Buffer<uint8_t> index(const Step& step, const kernels::lookup::Kernels& kernels) const;

  /// The filter term of a step for each block, border class and filter; for each block and filter
  /// where all classes have the same, and empty if it is 0.
  std::vector<int32_t> terms(const Step& step, const Border& border, const Geometry& geometry,
                             const kernels::bitgemm::Kernels& kernels) const;

 private:
  void add_popcounts(const std::vector<int32_t>& factors, const uint64_t* block, int64_t taps,
                     const kernels::bitgemm::Kernels& kernels, std::vector<int32_t>& sums) const;

  int64_t block_ = 0;
  int64_t planes_ = 0;
  int64_t blocks_ = 0;
  int64_t words_ = 0;
  int64_t block_size_ = 0;
  Buffer<uint64_t> data_;
};

}  // namespace fracbit::ops::bit_product
