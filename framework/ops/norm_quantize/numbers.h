#pragma once

#include <cstdint>
#include <type_traits>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/ops/make_pixels.h"
#include "fracbit/framework/ops/norm_quantize/lines.h"

namespace fracbit::kernels::norm {
template <typename T>
struct Run;
}

namespace fracbit::ops {

/// D in memory, or made again where it is read.
template <typename T>
struct Numbers {
  const T* d;
  const MakePixels* again;  ///< or null; only of reals
  int64_t channels;

  /// Number `first` of some whole pixels up to `last`. They are in `room` where they are made.
  const T* at(int64_t first, int64_t last, Buffer<T>& room) const {
    if constexpr (std::is_same_v<T, real>) {
      if (again != nullptr) {
        if (room.size() < last - first) room = Buffer<T>(last - first);
        (*again)(first / channels, last / channels, room.data());
        return room.data();
      }
    }
    return d + first;
  }
};

/// What a kernel reads for a stretch, where `d` is number `first` of D.
template <typename T>
kernels::norm::Run<T> run_of(const T* d, int64_t first, const Lines& lines,
                             const Stretch& stretch) {
  return {d + (stretch.input - first), stretch.below, stretch.pixels, lines.channels()};
}

/// Calls f(run, stretch) for lines [begin, end).
template <typename T, typename F>
void for_runs(const Numbers<T>& numbers, const Lines& lines, int64_t begin, int64_t end, F f) {
  const int64_t first = lines.input(begin);
  Buffer<T> room;
  const T* d = numbers.at(first, lines.input_end(end - 1), room);
  lines.for_stretches(begin, end, [&](const Stretch& s) { f(run_of(d, first, lines, s), s); });
}

}  // namespace fracbit::ops
