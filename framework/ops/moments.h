#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/ops/channels.h"
#include "fracbit/framework/ops/pixel_pass.h"

namespace fracbit::ops {

/// Mean and sum of squared deviations, per channel of the last axis, of reals that are written
/// block by block and summed while they are in the cache: per block the sum, then the squares about
/// the block's own mean; blocks are merged in double, in their order (Chan et al. 1983).
class BlockMoments : public PixelPass {
 public:
  void start(int64_t blocks, int64_t channels) override;
  void add(int64_t block, real* first, int64_t pixels) override { take(block, first, pixels); }
  void take(int64_t block, const real* first, int64_t pixels);

  /// Whether start() was called.
  bool started() const { return channels_ > 0; }
  ChannelMoments merged() const;

 private:
  double* sums(int64_t block) { return sums_.data() + block * 2 * channels_; }
  const double* sums(int64_t block) const { return sums_.data() + block * 2 * channels_; }

  int64_t channels_ = 0;
  std::vector<int64_t> pixels_;  ///< of each block
  Buffer<double> sums_;          ///< [block][sum, squares][channel]
};

}  // namespace fracbit::ops
