#include "fracbit/framework/ops/norm_quantize/window_pool.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace fracbit::ops {
namespace {

/// Counts taps; as wide as T where that is enough, so that both fill vectors alike.
template <typename T>
using Whole = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;

/// The winner of one window so far, in every channel.
template <typename T>
struct Winners {
  Winners(int64_t channels, const real* scale)
      : falls(static_cast<size_t>(channels)),
        best(static_cast<size_t>(channels)),
        tap(static_cast<size_t>(channels)) {
    for (size_t c = 0; c < falls.size() && scale != nullptr; ++c) falls[c] = scale[c] < 0 ? -1 : 0;
  }

  void start(const T* values, Whole<T> here) {
    std::copy_n(values, best.size(), best.begin());
    std::fill(tap.begin(), tap.end(), here);
  }

  void challenge(const T* __restrict values, Whole<T> here) {
    const Whole<T>* __restrict fall = falls.data();
    T* __restrict holder = best.data();
    Whole<T>* __restrict winner = tap.data();
    const size_t channels = best.size();
    for (size_t c = 0; c < channels; ++c) {
      const T v = values[c], b = holder[c];
      const Whole<T> above = v > b ? -1 : 0;
      const Whole<T> below = v < b ? -1 : 0;
      const Whole<T> wins = (below & fall[c]) | (above & ~fall[c]);
      const Whole<T> before = winner[c];
      holder[c] = wins != 0 ? v : b;
      winner[c] = wins != 0 ? here : before;
    }
  }

  std::vector<Whole<T>> falls;  ///< all bits where the smallest D wins
  std::vector<T> best;
  std::vector<Whole<T>> tap;
};

/// to[c] += from[c] where tap c is the one asked for.
template <typename Index>
void add_where(const Index* __restrict taps, Index tap, const real* __restrict from,
               int64_t channels, real* __restrict to) {
  for (int64_t c = 0; c < channels; ++c) {
    const real gradient = from[c];
    const real sum = to[c];
    to[c] = sum + (taps[c] == tap ? gradient : real{0});
  }
}

}  // namespace

/// Calls visit(output pixel, span of rows, span of columns, winners) for each window; taps are
/// counted over the whole kernel.
template <typename T, typename Visit>
void WindowPool::for_windows(const T* image, Visit visit) const {
  const int64_t channels = x_[3];
  Winners<T> winners(channels, scale_);
  int64_t output = 0;
  for (int64_t i = 0; i < pooled_[1]; ++i) {
    const PoolSpan rows = pool_span(i, x_[1], options_);
    for (int64_t j = 0; j < pooled_[2]; ++j, ++output) {
      const PoolSpan columns = pool_span(j, x_[2], options_);
      winners.start(image + (rows.begin * x_[2] + columns.begin) * channels, 0);
      Whole<T> tap = 0;
      for (int64_t u = rows.begin; u < rows.end; ++u) {
        for (int64_t v = columns.begin; v < columns.end; ++v, ++tap) {
          if (tap > 0) winners.challenge(image + (u * x_[2] + v) * channels, tap);
        }
      }
      visit(output, rows, columns, winners);
    }
  }
}

template <typename T>
void WindowPool::forward(const T* image, T* out) const {
  for_windows(image,
              [&](int64_t output, const PoolSpan&, const PoolSpan&, const Winners<T>& winners) {
                std::copy(winners.best.begin(), winners.best.end(), out + output * x_[3]);
              });
}

template <typename T>
void WindowPool::backward(const T* image, const real* dy, real* dx) const {
  const int64_t channels = x_[3];
  for_windows(image, [&](int64_t output, const PoolSpan& rows, const PoolSpan& columns,
                         const Winners<T>& winners) {
    Whole<T> tap = 0;
    for (int64_t u = rows.begin; u < rows.end; ++u) {
      for (int64_t v = columns.begin; v < columns.end; ++v, ++tap) {
        add_where(winners.tap.data(), tap, dy + output * channels, channels,
                  dx + (u * x_[2] + v) * channels);
      }
    }
  });
}

template void WindowPool::forward(const int16_t*, int16_t*) const;
template void WindowPool::forward(const int32_t*, int32_t*) const;
template void WindowPool::forward(const real*, real*) const;
template void WindowPool::backward(const int16_t*, const real*, real*) const;
template void WindowPool::backward(const int32_t*, const real*, real*) const;
template void WindowPool::backward(const real*, const real*, real*) const;

}  // namespace fracbit::ops
