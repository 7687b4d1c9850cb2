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
  add_in_runs(rows, channels, squares, [=](int64_t row, real* __restrict into) {
    const real* from = x + row * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const real deviation = from[c] - about[c];
      into[c] += deviation * deviation;
    }
  });
  // The centre was rounded: back to the squares about the exact mean.
  for (int64_t c = 0; c < channels; ++c) {
    const double off = sum[c] / static_cast<double>(rows) - static_cast<double>(about[c]);
    squares[c] -= static_cast<double>(rows) * off * off;
  }
}

}  // namespace

ChannelRows::ChannelRows(const Shape& shape)
    : rows(shape.back() == 0 ? 0 : shape.size() / shape.back()),
      channels(shape.back()),
      grain(std::max<int64_t>(16, kBlockElements / std::max<int64_t>(1, channels))) {}

void add_channel_sums(const real* x, int64_t rows, int64_t channels, double* sums) {
  add_in_runs(rows, channels, sums, [=](int64_t row, real* __restrict into) {
    const real* from = x + row * channels;
    for (int64_t c = 0; c < channels; ++c) into[c] += from[c];
  });
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
  const real* about = centre.data();
  const real* gradient = dy.data();
  const real* values = x.data();
  const auto term = [=](int64_t row, real* __restrict into) {
    const real* g = gradient + row * channels;
    const real* v = values + row * channels;
    for (int64_t c = 0; c < channels; ++c) {
      into[c] += g[c];
      into[channels + c] += g[c] * (v[c] - about[c]);
    }
  };
  const std::vector<double> sums = sum_rows(view, 2 * channels, term);
  return {std::vector<double>(sums.begin(), sums.begin() + channels),
          std::vector<double>(sums.begin() + channels, sums.end())};
}

}  // namespace fracbit::ops
