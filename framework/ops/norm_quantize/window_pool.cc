#include "fracbit/framework/ops/norm_quantize/window_pool.h"

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::ops {
namespace {

namespace training = kernels::norm::training;

template <typename T>
const training::Passes<T>& passes() {
  return training::passes<T>(training::find(isa_name(active_isa()).data()));
}

}  // namespace

WindowPool::WindowPool(const Shape& x, const Shape& pooled, const PoolOptions& options,
                       const real* scale)
    : x_(x),
      pooled_(pooled),
      options_(options),
      zeros_(static_cast<size_t>(x[3])),
      scale_(scale == nullptr ? zeros_.data() : scale) {}

/// Calls f(windows, first output, first number of x) for the outputs of an image whose windows have
/// one size, row by row.
template <typename T, typename F>
void WindowPool::for_runs(const T* image, F f) const {
  const int64_t channels = x_[3], row = x_[2] * channels;
  for (int64_t i = 0; i < pooled_[1]; ++i) {
    const PoolSpan rows = pool_span(i, x_[1], options_);
    for (int64_t j = 0, next = 0; j < pooled_[2]; j = next) {
      const PoolSpan first = pool_span(j, x_[2], options_);
      for (next = j + 1; next < pooled_[2]; ++next) {
        const PoolSpan span = pool_span(next, x_[2], options_);
        const int64_t moved = (next - j) * options_.stride;
        if (span.begin != first.begin + moved || span.end != first.end + moved) break;
      }
      const int64_t at = rows.begin * row + first.begin * channels;
      f(training::Windows<T>{.d = image + at,
                             .row = row,
                             .step = options_.stride * channels,
                             .rows = rows.end - rows.begin,
                             .columns = first.end - first.begin,
                             .pixels = next - j,
                             .channels = channels,
                             .scale = scale_},
        (i * pooled_[2] + j) * channels, at);
    }
  }
}

template <typename T>
void WindowPool::forward(const T* image, T* out) const {
  for_runs(image, [&](const training::Windows<T>& windows, int64_t output, int64_t) {
    passes<T>().winners(windows, out + output);
  });
}

template <typename T>
void WindowPool::backward(const T* image, const real* dy, real* dx) const {
  for_runs(image, [&](const training::Windows<T>& windows, int64_t output, int64_t input) {
    passes<T>().give_back(windows, dy + output, dx + input);
  });
}

template void WindowPool::forward(const int16_t*, int16_t*) const;
template void WindowPool::forward(const int32_t*, int32_t*) const;
template void WindowPool::forward(const real*, real*) const;
template void WindowPool::backward(const int16_t*, const real*, real*) const;
template void WindowPool::backward(const int32_t*, const real*, real*) const;
template void WindowPool::backward(const real*, const real*, real*) const;

}  // namespace fracbit::ops
