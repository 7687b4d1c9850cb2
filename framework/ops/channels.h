#pragma once

#include <algorithm>
#include <vector>

#include "fracbit/framework/parallel.h"
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

/// Calls term(row, into) for each row, where `into` are `width` partial sums in `real`, and adds
/// these to `sums` every 16 rows: the rounding of so few terms stays below one part in a million,
/// and double costs nothing.
template <typename Term>
void add_in_runs(int64_t rows, int64_t width, double* __restrict sums, Term term) {
  constexpr int64_t kRun = 16;
  std::vector<real> partial(static_cast<size_t>(width));
  real* __restrict into = partial.data();
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    std::fill_n(into, width, real{0});
    const int64_t end = std::min(rows, begin + kRun);
    for (int64_t row = begin; row < end; ++row) term(row, into);
    for (int64_t i = 0; i < width; ++i) sums[i] += static_cast<double>(into[i]);
  }
}

/// The same over all rows of a tensor, in parallel blocks that are added in a fixed tree.
template <typename Term>
std::vector<double> sum_rows(const ChannelRows& view, int64_t width, Term term) {
  const int64_t blocks = std::max<int64_t>(1, (view.rows + view.grain - 1) / view.grain);
  std::vector<double> sums(static_cast<size_t>(blocks * width));
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    const auto shifted = [&](int64_t row, real* __restrict into) { term(begin + row, into); };
    add_in_runs(end - begin, width, sums.data() + begin / view.grain * width, shifted);
  });
  tree_reduce(sums.data(), blocks, width);
  sums.resize(static_cast<size_t>(width));
  return sums;
}

/// sums[c] += sum over the rows of x[row, c].
void add_channel_sums(const real* x, int64_t rows, int64_t channels, double* sums);

}  // namespace fracbit::ops
