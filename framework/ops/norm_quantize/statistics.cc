#include "fracbit/framework/ops/norm_quantize/statistics.h"

#include <limits>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "fracbit/framework/ops/moments.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm::training;
__extension__ using Exact = __int128;

template <typename T>
ChannelMoments exact_moments(const Shape& shape, const T* d, int64_t most) {
  const ChannelRows view(shape);
  const int64_t channels = view.channels, width = 3 * channels;
  const int64_t blocks = (view.rows + view.grain - 1) / view.grain;
  std::vector<int64_t> sums(static_cast<size_t>(blocks * width));
  const norm::Passes<T>& passes = norm::passes<T>(norm::find(isa_name(active_isa()).data()));
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    int64_t* into = sums.data() + begin / view.grain * width;
    passes.sums(d + begin * channels, end - begin, channels, most, into, into + channels,
                into + 2 * channels);
  });
  const auto n = static_cast<Exact>(view.rows);
  ChannelMoments moments;
  for (int64_t c = 0; c < channels; ++c) {
    Exact sum = 0, squares = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t* of = sums.data() + b * width;
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
  const ChannelRows view(d.shape());
  BlockMoments moments;
  moments.start((view.rows + view.grain - 1) / view.grain, view.channels);
  parallel_for(view.rows, view.grain, [&](int64_t begin, int64_t end) {
    moments.take(begin / view.grain, d.data() + begin * view.channels, end - begin);
  });
  return moments.merged();
}

}  // namespace fracbit::ops
