#include "fracbit/framework/ops/pixel_pass.h"

#include <algorithm>

#include "fracbit/framework/parallel.h"

namespace fracbit::ops {

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
