#include "fracbit/framework/ops/norm_quantize/statistics.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm::training;
__extension__ using Exact = __int128;

constexpr int64_t kBlockNumbers = 1 << 15;

/// Blocks of pixels; each gives `numbers` per channel of type N.
template <typename N>
struct Blocks {
  Blocks(const Shape& shape, int64_t numbers)
      : channels(shape.back()),
        pixels(channels == 0 ? 0 : shape.size() / channels),
        grain(std::max<int64_t>(16, kBlockNumbers / std::max<int64_t>(1, channels))),
        width(numbers * channels),
        count((pixels + grain - 1) / grain),
        values(static_cast<size_t>(count * width)) {}

  N* block(int64_t b) { return values.data() + b * width; }
  int64_t block_pixels(int64_t b) const { return std::min(grain, pixels - b * grain); }
  /// Calls f(block, pixels, first number) in parallel.
  template <typename F>
  void for_each(F f) {
    parallel_for(pixels, grain, [&](int64_t begin, int64_t end) {
      f(block(begin / grain), end - begin, begin * channels);
    });
  }

  int64_t channels;
  int64_t pixels;
  int64_t grain;
  int64_t width;
  int64_t count;
  std::vector<N> values;
};

const norm::Kernels& active_kernels() {
  return norm::find(isa_name(active_isa()).data());
}

template <typename T>
ChannelMoments exact_moments(const Shape& shape, const T* d, int64_t most) {
  Blocks<int64_t> blocks(shape, 3);
  const int64_t channels = blocks.channels;
  const norm::Passes<T>& passes = norm::passes<T>(active_kernels());
  blocks.for_each([&](int64_t* sums, int64_t pixels, int64_t first) {
    passes.sums(d + first, pixels, channels, most, sums, sums + channels, sums + 2 * channels);
  });
  const auto n = static_cast<Exact>(blocks.pixels);
  ChannelMoments moments;
  for (int64_t c = 0; c < channels; ++c) {
    Exact sum = 0, squares = 0;
    for (int64_t b = 0; b < blocks.count; ++b) {
      const int64_t* of = blocks.block(b);
      sum += of[c];
      squares += of[channels + c] + (Exact{of[2 * channels + c]} << 32);
    }
    const auto count = static_cast<double>(n);
    moments.mean.push_back(static_cast<double>(sum) / count);
    moments.squares.push_back(static_cast<double>(n * squares - sum * sum) / count);
  }
  return moments;
}

}  // namespace

ChannelMoments whole_moments(const IntTensor& d, int64_t most) {
  constexpr int64_t kLast = std::numeric_limits<int16_t>::max();
  if (most <= 0 || most > kLast) most = kLast;
  if (d.width() == IntWidth::int16) return exact_moments(d.shape(), d.data<int16_t>(), most);
  return exact_moments(d.shape(), d.data<int32_t>(), int64_t{1} << 31);
}

ChannelMoments whole_moments(const Tensor& d) {
  return exact_moments(d.shape(), d.data(), int64_t{1} << 31);
}

ChannelMoments real_moments(const Tensor& d) {
  Blocks<double> blocks(d.shape(), 2);
  const int64_t channels = blocks.channels;
  const norm::Kernels& kernels = active_kernels();
  blocks.for_each([&](double* sums, int64_t pixels, int64_t first) {
    kernels.moments(d.data() + first, pixels, channels, sums, sums + channels);
  });
  const auto width = static_cast<size_t>(channels);
  ChannelMoments all{std::vector<double>(width), std::vector<double>(width)};
  for (int64_t b = 0; b < blocks.count; ++b) {
    for (size_t c = 0; c < width; ++c) all.mean[c] += blocks.block(b)[c];
  }
  for (double& mean : all.mean) mean /= static_cast<double>(blocks.pixels);
  // Chan et al. 1983
  for (int64_t b = 0; b < blocks.count; ++b) {
    const auto count = static_cast<double>(blocks.block_pixels(b));
    for (size_t c = 0; c < width; ++c) {
      const double off = blocks.block(b)[c] - count * all.mean[c];
      all.squares[c] += blocks.block(b)[width + c] + off * off / count;
    }
  }
  return all;
}

}  // namespace fracbit::ops
