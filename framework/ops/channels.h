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

/// Sums of `width` numbers per group of rows: group4(row, into) adds what rows row..row + 3 give,
/// group1(row, into) what one row gives. 16 rows are added in `real` before they go to double: the
/// rounding of so few terms stays below one part in a million, and double costs nothing.
template <typename Group4, typename Group1>
void add_in_runs(int64_t rows, int64_t width, double* __restrict sums, Group4 group4,
                 Group1 group1) {
  constexpr int64_t kRun = 16;
  std::vector<real> partial(static_cast<size_t>(width));
  real* __restrict into = partial.data();
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    const int64_t end = std::min(rows, begin + kRun);
    std::fill_n(into, width, real{0});
    int64_t row = begin;
    for (; row + 4 <= end; row += 4) group4(row, into);
    for (; row < end; ++row) group1(row, into);
    for (int64_t i = 0; i < width; ++i) sums[i] += static_cast<double>(into[i]);
  }
}

/// sums[c] += sum over the rows of term(row C + c, c).
template <typename Term>
void add_terms(int64_t rows, int64_t channels, double* sums, Term term) {
  const auto group4 = [=](int64_t row, real* __restrict into) {
    const int64_t at = row * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = at + c;
      into[c] += (term(i, c) + term(i + channels, c)) +
                 (term(i + 2 * channels, c) + term(i + 3 * channels, c));
    }
  };
  const auto group1 = [=](int64_t row, real* __restrict into) {
    for (int64_t c = 0; c < channels; ++c) into[c] += term(row * channels + c, c);
  };
  add_in_runs(rows, channels, sums, group4, group1);
}

/// Sums of `width` numbers over all rows: block(begin, end, sums) adds those of some rows. In
/// parallel blocks that are added in a fixed tree.
template <typename Block>
std::vector<double> sum_blocks(const ChannelRows& view, int64_t width, Block block) {
  const int64_t blocks = std::max<int64_t>(1, (view.rows + view.grain - 1) / view.grain);
  std::vector<double> sums(static_cast<size_t>(blocks * width));
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    block(begin, end, sums.data() + begin / view.grain * width);
  });
  tree_reduce(sums.data(), blocks, width);
  sums.resize(static_cast<size_t>(width));
  return sums;
}

/// sums[c] += sum over the rows of x[row, c].
void add_channel_sums(const real* x, int64_t rows, int64_t channels, double* sums);

}  // namespace fracbit::ops
