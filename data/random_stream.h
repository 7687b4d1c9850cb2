#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "fracbit/framework/random.h"

namespace fracbit::data {

/// Random numbers one after the other, for one sample: the sequence depends on (seed, stream, step,
/// purpose) alone, never on the thread that draws it.
class RandomStream {
 public:
  RandomStream(uint64_t seed, uint32_t stream, uint64_t step, Purpose purpose)
      : random_(seed, stream, step, purpose) {}

  uint32_t word() {
    if (next_ % 4 == 0) words_ = random_.block(next_ / 4);
    return words_[static_cast<size_t>(next_++ % 4)];
  }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(word() >> 8) * 0x1p-24; }
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, n), n >= 1.
  int64_t below(int64_t n) {
    return static_cast<int64_t>((uint64_t{word()} * static_cast<uint64_t>(n)) >> 32);
  }

 private:
  Random random_;
  std::array<uint32_t, 4> words_{};
  int64_t next_ = 0;
};

}  // namespace fracbit::data
