#pragma once

#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// A tensor as rows of channels: the last axis is contiguous, all other axes together count rows.
struct ChannelRows {
  explicit ChannelRows(const Shape& shape);

  int64_t rows;
  int64_t channels;
  int64_t grain;  ///< rows per block: a block stays in the second-level cache
};

/// Mean over the rows and sum of squared deviations from it, per channel.
struct ChannelMoments {
  std::vector<double> mean;
  std::vector<double> squares;
};

/// One pass over memory: per block the sum, then the squares about the block's own mean; blocks are
/// merged in double, in their order (Chan et al. 1983).
ChannelMoments channel_moments(const Tensor& x);

/// Per channel: sum of dy, and sum of dy (x - centre).
struct ChannelGradientSums {
  std::vector<double> sum;
  std::vector<double> product;
};
ChannelGradientSums channel_gradient_sums(const Tensor& dy, const Tensor& x,
                                          const std::vector<real>& centre);

/// sums[c] += sum over the rows of x[row, c]; runs of 16 terms are added in `real`, the runs in
/// double.
void add_channel_sums(const real* x, int64_t rows, int64_t channels, double* sums);

}  // namespace fracbit::ops
