#include "fracbit/framework/ops/norm_quantize/window_pool.h"

#include <vector>

namespace fracbit::ops {

/// Calls visit(output, winner) with the places of both in their images.
template <typename T, typename Visit>
void WindowPool::for_winners(const T* image, Visit visit) const {
  const int64_t channels = x_[3];
  std::vector<int64_t> best(static_cast<size_t>(channels));
  int64_t output = 0;
  for (int64_t i = 0; i < pooled_[1]; ++i) {
    const PoolSpan rows = pool_span(i, x_[1], options_);
    for (int64_t j = 0; j < pooled_[2]; ++j, output += channels) {
      const PoolSpan columns = pool_span(j, x_[2], options_);
      const int64_t first = (rows.begin * x_[2] + columns.begin) * channels;
      for (int64_t c = 0; c < channels; ++c) best[static_cast<size_t>(c)] = first + c;
      for (int64_t u = rows.begin; u < rows.end; ++u) {
        for (int64_t v = columns.begin; v < columns.end; ++v) {
          const int64_t pixel = (u * x_[2] + v) * channels;
          for (int64_t c = 0; c < channels; ++c) {
            int64_t& winner = best[static_cast<size_t>(c)];
            const T challenger = image[pixel + c], holder = image[winner];
            const bool falls = scale_ != nullptr && scale_[c] < 0;
            if (falls ? challenger < holder : challenger > holder) winner = pixel + c;
          }
        }
      }
      for (int64_t c = 0; c < channels; ++c) visit(output + c, best[static_cast<size_t>(c)]);
    }
  }
}

template <typename T>
void WindowPool::forward(const T* image, T* out) const {
  for_winners(image, [&](int64_t output, int64_t winner) { out[output] = image[winner]; });
}

template <typename T>
void WindowPool::backward(const T* image, const real* dy, real* dx) const {
  for_winners(image, [&](int64_t output, int64_t winner) { dx[winner] += dy[output]; });
}

template void WindowPool::forward(const int16_t*, int16_t*) const;
template void WindowPool::forward(const int32_t*, int32_t*) const;
template void WindowPool::forward(const real*, real*) const;
template void WindowPool::backward(const int16_t*, const real*, real*) const;
template void WindowPool::backward(const int32_t*, const real*, real*) const;
template void WindowPool::backward(const real*, const real*, real*) const;

}  // namespace fracbit::ops
