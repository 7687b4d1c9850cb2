#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/bit_product/plan.h"
#include "fracbit/quantize/deploy/runtime/border.h"
#include "fracbit/quantize/deploy/runtime/product.h"

namespace fracbit::deploy::runtime {

/// The planes of a block's weights in the layout of the kernels: blocks of 16 filters of one group,
/// in each [plane][tap, word][filter]; filters past the last are zeros.
class BitFilters {
 public:
  BitFilters(const Weights& weights, const Frame& frame);

  /// How the product algebra reads them.
  const ops::bit_product::Operand& operand() const { return operand_; }
  int64_t blocks_per_group() const { return blocks_; }
  /// Words of one plane of one filter.
  int64_t words() const { return words_; }
  /// Words from one plane of a block to the next.
  int64_t plane_size() const { return words_ * kBlock; }
  const uint64_t* block(int64_t group, int64_t b) const {
    return data_.data() + (group * blocks_ + b) * operand_.planes * plane_size();
  }
  /// The filter term of a step for each block, border class and filter; empty if it is 0.
  std::vector<int32_t> terms(const ops::bit_product::Step& step, const Border& border) const;

 private:
  void describe(const Weights& weights);
  void add_popcounts(const std::vector<int32_t>& factors, const uint64_t* block,
                     std::vector<int32_t>& sums) const;

  ops::bit_product::Operand operand_;
  int64_t groups_, taps_, channels_, filters_;
  int64_t blocks_, words_;
  std::vector<uint64_t> data_;
};

}  // namespace fracbit::deploy::runtime
