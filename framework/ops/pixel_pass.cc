#include "fracbit/framework/ops/pixel_pass.h"

#include <algorithm>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {

bool streams(const real* y, int64_t pixels, int64_t channels) {
  constexpr size_t kCacheBytes = 12 << 20, kLine = 64;
  const size_t pixel_bytes = static_cast<size_t>(channels) * sizeof(real);
  return static_cast<size_t>(pixels) * pixel_bytes >= kCacheBytes && pixel_bytes % kLine == 0 &&
         reinterpret_cast<uintptr_t>(y) % kLine == 0;
}

void pass_over(Tensor& result, PixelPass& pass) {
  constexpr int64_t kBlockNumbers = 1 << 14;
  const int64_t channels = result.shape().back();
  const int64_t pixels = channels == 0 ? 0 : result.size() / channels;
  const int64_t grain = std::max<int64_t>(1, kBlockNumbers / std::max<int64_t>(1, channels));
  pass.start((pixels + grain - 1) / grain, channels);
  parallel_for(pixels, grain, [&](int64_t begin, int64_t end) {
    pass.add(begin / grain, result.data() + begin * channels, end - begin);
  });
}

}  // namespace fracbit::ops
