#include "fracbit/framework/ops/winograd_factors.h"

#include "fracbit/framework/kernels/tile/tile.h"
#include "fracbit/framework/kernels/winograd/winograd.h"
#include "fracbit/framework/ops/winograd_tiles.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

using kernels::winograd::kMostTaps;
using kernels::winograd::kPositions;

/// Channels of a panel that one task transforms.
constexpr int64_t kChannels = 32;
/// Filters, or channels, between what is asked for and what is transformed.
constexpr int64_t kAhead = 2;

/// Asks for `numbers` numbers of each tap of a filter: short pieces of rows, no stream that
/// processors see. GCC leaves out calls that only prefetch, so this is none.
[[gnu::always_inline]] inline void ask_for(const WinogradShape& s, const real* first, int64_t step,
                                           int64_t numbers) {
  constexpr int64_t kLine = 64 / sizeof(real);
  constexpr int kReads = 0, kSecondLevel = 2;
  for (int64_t t = 0; t < s.taps(); ++t, first += step) {
    for (int64_t i = 0; i < numbers; i += kLine) {
      __builtin_prefetch(first + i, kReads, kSecondLevel);
    }
  }
}

/// weight [filters][taps][channels]: filters become columns, by a transpose.
void enter(const WinogradShape& s, const real* weight, int64_t first, WinogradFactors& made) {
  const int64_t channels = s.channels;
  const int64_t stretches = (channels + kChannels - 1) / kChannels;
  parallel_for(made.panels() * stretches, 1, [&](int64_t begin, int64_t end) {
    const int64_t step = position_step(tile().columns * kChannels);
    Tensor rows = Tensor::uninitialized({kPositions * step});
    for (int64_t task = begin; task < end; ++task) {
      const int64_t p = task / stretches;
      const int64_t c = task % stretches * kChannels;
      const int64_t count = std::min(kChannels, channels - c);
      for (int64_t n = 0; n < made.used(p); ++n) {
        const int64_t filter = first + p * tile().columns + n;
        const real* start = weight + filter * s.taps() * channels + c;
        if (n + kAhead < made.used(p)) {
          ask_for(s, start + kAhead * s.taps() * channels, channels, count);
        }
        const real* taps[kMostTaps];
        for (int64_t t = 0; t < s.taps(); ++t) taps[t] = start + t * channels;
        winograd(s.kernel).weights(taps, count, rows.data() + n * kChannels, step);
      }
      for (int64_t position = 0; position < kPositions; ++position) {
        tile().pack(rows.data() + position * step, kChannels, made.used(p), count, made.width(p),
                    made.panel(p) + position * made.step + c * made.width(p));
      }
    }
  });
}

/// weight [channels][taps][filters], its taps in reverse order.
void enter_turned(const WinogradShape& s, const real* weight, int64_t first,
                  WinogradFactors& made) {
  parallel_for(s.channels, 8, [&](int64_t begin, int64_t end) {
    for (int64_t p = 0; p < made.panels(); ++p) {
      for (int64_t c = begin; c < end; ++c) {
        const real* start = weight + c * s.taps() * s.filters + first + p * tile().columns;
        if (c + kAhead < s.channels) {
          ask_for(s, start + kAhead * s.taps() * s.filters, s.filters, made.used(p));
        }
        const real* taps[kMostTaps];
        for (int64_t t = 0; t < s.taps(); ++t) taps[t] = start + (s.taps() - 1 - t) * s.filters;
        winograd(s.kernel).weights(taps, made.used(p), made.panel(p) + c * made.width(p),
                                   made.step);
      }
    }
  });
}

}  // namespace

WinogradFactors::WinogradFactors(const WinogradShape& shape, const WinogradWeights& weights,
                                 int64_t first, int64_t count)
    : channels(shape.channels), filters(count) {
  const int64_t last = panels() - 1;
  columns = last * tile().columns + width(last);
  step = position_step(columns * channels);
  // Columns past the last filter are zeros.
  data = columns == filters ? Tensor::uninitialized({kPositions * step})
                            : Tensor::zeros({kPositions * step});
  (weights.turned ? enter_turned : enter)(shape, weights.data, first, *this);
}

int64_t WinogradFactors::panels() const {
  return (filters + tile().columns - 1) / tile().columns;
}

int64_t WinogradFactors::used(int64_t p) const {
  return std::min(tile().columns, filters - p * tile().columns);
}

real* WinogradFactors::panel(int64_t p) {
  return data.data() + p * tile().columns * channels;
}

const real* WinogradFactors::panel(int64_t p) const {
  return data.data() + p * tile().columns * channels;
}

}  // namespace fracbit::ops
