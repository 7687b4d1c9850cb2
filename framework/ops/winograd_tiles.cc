#include "fracbit/framework/ops/winograd_tiles.h"

#include <algorithm>

#include "fracbit/framework/kernels/winograd/winograd.h"

namespace fracbit::ops {

TileImages source_images(const WinogradShape& s, const real* source) {
  return {source, s.height, s.width, s.channels, s.channels, kernels::winograd::kReach, s.offset};
}

TileImages gradient_images(const WinogradShape& s, const real* dresult, int64_t first,
                           int64_t count) {
  return {dresult + first, s.out_height, s.out_width, s.filters, count, s.tile(), 0};
}

TilePixels::TilePixels(const WinogradShape& shape, const TileImages& images, const real* zeros,
                       int64_t first)
    : s_(shape), images_(images), zeros_(zeros), next_(first) {
  static_assert(kMost == kernels::winograd::kPositions);
  enter();
}

/// The tile before has had the first columns. GCC leaves out calls that only prefetch.
[[gnu::always_inline]] inline void TilePixels::ask() const {
  constexpr int64_t kLine = 64 / sizeof(real);
  constexpr int kReads = 0, kSecondLevel = 2;
  for (int64_t i = 0; i < images_.reach * images_.reach; ++i) {
    if (i % images_.reach < images_.reach - s_.tile() || ahead_[i] == zeros_) continue;
    for (int64_t c = 0; c < images_.channels; c += kLine) {
      __builtin_prefetch(ahead_[i] + c, kReads, kSecondLevel);
    }
  }
}

const real* const* TilePixels::next() {
  std::copy_n(ahead_, kMost, now_);
  if (++next_ < s_.tiles()) {
    enter();
    ask();
  }
  return now_;
}

void TilePixels::enter() {
  const WinogradTile at(s_, next_);
  const TileImages& i = images_;
  enter_pixels(i.data + at.image * i.height * i.width * i.pixel, i.height, i.width, i.pixel,
               at.row - i.offset, at.column - i.offset, i.reach, zeros_, ahead_);
}

}  // namespace fracbit::ops
