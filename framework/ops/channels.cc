#include "fracbit/framework/ops/channels.h"

#include <algorithm>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

constexpr int64_t kBlockElements = 1 << 15;

/// Numbers per block of rows, in block order.
struct Partials {
  Partials(const ChannelRows& view, int64_t numbers)
      : width(numbers),
        blocks((view.rows + view.grain - 1) / view.grain),
        values(static_cast<size_t>(blocks * width)) {}

  double* block(int64_t b) { return values.data() + b * width; }

  int64_t width;
  int64_t blocks;
  std::vector<double> values;
};

/// sum[c] and, about the mean of these rows, squares[c].
void block_moments(const real* x, int64_t rows, int64_t channels, double* __restrict sum,
                   double* __restrict squares) {
  add_channel_sums(x, rows, channels, sum);
  std::vector<real> centre(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) {
    centre[static_cast<size_t>(c)] = static_cast<real>(sum[c] / static_cast<double>(rows));
  }
  const real* about = centre.data();
  add_terms(rows, channels, squares, [=](int64_t at, int64_t c) {
    const real deviation = x[at] - about[c];
    return deviation * deviation;
  });
  // The centre was rounded: back to the squares about the exact mean.
  for (int64_t c = 0; c < channels; ++c) {
    const double off = sum[c] / static_cast<double>(rows) - static_cast<double>(about[c]);
    squares[c] -= static_cast<double>(rows) * off * off;
  }
}

/// Sums of dy and of dy (x - centre), one after the other.
void block_gradient_sums(const real* dy, const real* x, const real* centre, int64_t rows,
                         int64_t channels, double* sums) {
  const auto group4 = [=](int64_t row, real* __restrict into) {
    const real* g = dy + row * channels;
    const real* v = x + row * channels;
    real* __restrict products = into + channels;
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t c1 = c + channels, c2 = c1 + channels, c3 = c2 + channels;
      into[c] += (g[c] + g[c1]) + (g[c2] + g[c3]);
      products[c] += (g[c] * (v[c] - centre[c]) + g[c1] * (v[c1] - centre[c])) +
                     (g[c2] * (v[c2] - centre[c]) + g[c3] * (v[c3] - centre[c]));
    }
  };
  const auto group1 = [=](int64_t row, real* __restrict into) {
    const real* g = dy + row * channels;
    const real* v = x + row * channels;
    real* __restrict products = into + channels;
    for (int64_t c = 0; c < channels; ++c) {
      into[c] += g[c];
      products[c] += g[c] * (v[c] - centre[c]);
    }
  };
  add_in_runs(rows, 2 * channels, sums, group4, group1);
}

}  // namespace

ChannelRows::ChannelRows(const Shape& shape)
    : rows(shape.back() == 0 ? 0 : shape.size() / shape.back()),
      channels(shape.back()),
      grain(std::max<int64_t>(16, kBlockElements / std::max<int64_t>(1, channels))) {}

void add_channel_sums(const real* x, int64_t rows, int64_t channels, double* sums) {
  add_terms(rows, channels, sums, [=](int64_t at, int64_t) { return x[at]; });
}

ChannelMoments channel_moments(const Tensor& x) {
  const ChannelRows view(x.shape());
  const auto width = static_cast<size_t>(view.channels);
  Partials partials(view, 2 * view.channels);
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    double* sum = partials.block(begin / view.grain);
    block_moments(x.data() + begin * view.channels, end - begin, view.channels, sum,
                  sum + view.channels);
  });
  ChannelMoments all{std::vector<double>(width), std::vector<double>(width)};
  for (int64_t b = 0; b < partials.blocks; ++b) {
    for (size_t c = 0; c < width; ++c) all.mean[c] += partials.block(b)[c];
  }
  for (double& mean : all.mean) mean /= static_cast<double>(view.rows);
  for (int64_t b = 0; b < partials.blocks; ++b) {
    const auto count = static_cast<double>(std::min(view.grain, view.rows - b * view.grain));
    for (size_t c = 0; c < width; ++c) {
      const double off = partials.block(b)[c] - count * all.mean[c];
      all.squares[c] += partials.block(b)[width + c] + off * off / count;
    }
  }
  return all;
}

ChannelGradientSums channel_gradient_sums(const Tensor& dy, const Tensor& x,
                                          const std::vector<real>& centre) {
  const ChannelRows view(x.shape());
  const int64_t channels = view.channels;
  const auto block = [&](int64_t begin, int64_t end, double* sums) {
    block_gradient_sums(dy.data() + begin * channels, x.data() + begin * channels, centre.data(),
                        end - begin, channels, sums);
  };
  const std::vector<double> sums = sum_blocks(view, 2 * channels, block);
  return {std::vector<double>(sums.begin(), sums.begin() + channels),
          std::vector<double>(sums.begin() + channels, sums.end())};
}

}  // namespace fracbit::ops
