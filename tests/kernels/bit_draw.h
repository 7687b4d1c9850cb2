#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/random.h"

namespace fracbit::testing {

/// Random cases of packed operands, one number after the other from one seed.
class BitDraw {
 public:
  explicit BitDraw(uint64_t seed) : random_(seed, 0, 0, Purpose::synthetic_data) {}

  int64_t below(int64_t n) { return random_.below(next_++, n); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  template <typename T>
  T of(std::initializer_list<T> choices) {
    return choices.begin()[below(static_cast<int64_t>(choices.size()))];
  }
  uint64_t word() {
    const uint64_t high = random_.word(next_++);
    return high << 32 | random_.word(next_++);
  }
  real scale() { return static_cast<real>(0.1 + random_.uniform(next_++)); }
  Tensor scales(const Shape& shape) {
    Tensor result = Tensor::uninitialized(shape);
    for (real& s : result.span()) s = scale();
    return result;
  }

  /// Codes of `bits` bits; `all_ones` gives the largest code everywhere.
  ScaledBits codes(const Shape& shape, int bits, CodeMap map, int64_t groups,
                   bool all_ones = false);
  /// Terms under nested masks; the first mask is full if `full_first`.
  ScaledBits residual(const Shape& shape, int terms, bool full_first, int64_t groups);

 private:
  Random random_;
  int64_t next_ = 0;
};

inline ScaledBits BitDraw::codes(const Shape& shape, int bits, CodeMap map, int64_t groups,
                                 bool all_ones) {
  std::vector<uint16_t> values(static_cast<size_t>(shape.size()));
  for (uint16_t& q : values) {
    const int64_t last = (int64_t{1} << bits) - 1;
    q = static_cast<uint16_t>(all_ones ? last : below(last + 1));
  }
  ScaledBits packed{BitTensor(shape, Encoding::codes, bits, map), scales({groups})};
  pack_codes(values, packed.bits);
  return packed;
}

inline ScaledBits BitDraw::residual(const Shape& shape, int terms, bool full_first,
                                    int64_t groups) {
  ScaledBits packed{BitTensor(shape, Encoding::residual, terms), scales({groups, terms})};
  const int64_t last = shape.back();
  const int64_t words = packed.bits.words_per_plane();
  for (int64_t r = 0; r < packed.bits.rows(); ++r) {
    for (int64_t c = 0; c < last; ++c) {
      const int64_t width = between(full_first ? 1 : 0, terms);
      for (int64_t n = 0; n < width; ++n) {
        uint64_t* sign = packed.bits.row(r) + 2 * n * words + c / 64;
        *sign |= static_cast<uint64_t>(below(2)) << (c % 64);
        sign[words] |= uint64_t{1} << (c % 64);
      }
    }
  }
  return packed;
}

}  // namespace fracbit::testing
