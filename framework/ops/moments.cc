#include "fracbit/framework/ops/moments.h"

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::ops {

void BlockMoments::start(int64_t blocks, int64_t channels) {
  channels_ = channels;
  pixels_.assign(static_cast<size_t>(blocks), 0);
  sums_ = Buffer<double>(blocks * 2 * channels);
}

void BlockMoments::take(int64_t block, const real* first, int64_t pixels) {
  const auto& kernels = kernels::norm::training::find(isa_name(active_isa()).data());
  pixels_[static_cast<size_t>(block)] = pixels;
  kernels.moments(first, pixels, channels_, sums(block), sums(block) + channels_);
}

ChannelMoments BlockMoments::merged() const {
  const auto width = static_cast<size_t>(channels_);
  const auto blocks = static_cast<int64_t>(pixels_.size());
  ChannelMoments all{std::vector<double>(width), std::vector<double>(width)};
  double pixels = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    pixels += static_cast<double>(pixels_[static_cast<size_t>(b)]);
    for (size_t c = 0; c < width; ++c) all.mean[c] += sums(b)[c];
  }
  for (double& mean : all.mean) mean /= pixels;
  for (int64_t b = 0; b < blocks; ++b) {
    const auto count = static_cast<double>(pixels_[static_cast<size_t>(b)]);
    for (size_t c = 0; c < width; ++c) {
      const double off = sums(b)[c] - count * all.mean[c];
      all.squares[c] += sums(b)[width + c] + off * off / count;
    }
  }
  return all;
}

}  // namespace fracbit::ops
