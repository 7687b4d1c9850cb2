#pragma once

#include <array>
#include <cstdint>

namespace fracbit {

/// What a random draw is for: the last counter word, so that purposes never share numbers.
enum class Purpose : uint32_t {
  initial_weights = 1,
  shuffle = 2,
  augment = 3,
  dropout = 4,
  gradient_noise = 5,
  stochastic_weights = 6,
  stochastic_activations = 7,
  permutation = 8,
  synthetic_data = 9,
};

/// Philox4x32-10 (Salmon et al. 2011): four 32-bit words from a counter and a key. Pure.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Counter-based random numbers: element i of a draw depends on (seed, stream, step, purpose, i)
/// alone, so results do not depend on threads, batch splits or call order (spec 0.5). A regular
/// value.
class Random {
 public:
  /// The key is (seed, stream), 32 bits each of a 64-bit mix when the seed is larger; the counter
  /// of element i is (i / 4, step low, step high, purpose) and i % 4 picks the word.
  Random(uint64_t seed, uint32_t stream, uint64_t step, Purpose purpose);

  uint32_t word(int64_t i) const;
  /// Uniform in [0, 1): (word >> 8) 2^-24.
  double uniform(int64_t i) const { return static_cast<double>(word(i) >> 8) * 0x1p-24; }
  /// Uniform in (-1/2, 1/2), never an end point: u + 2^-25 - 1/2.
  double noise(int64_t i) const { return uniform(i) + 0x1p-25 - 0.5; }
  /// Standard normal by Box-Muller; uses words 2i and 2i + 1.
  double normal(int64_t i) const;
  /// Uniform integer in [0, n), n >= 1; uses word i.
  int64_t below(int64_t i, int64_t n) const;
  /// The four words of elements 4 block .. 4 block + 3, for loops that want them together.
  std::array<uint32_t, 4> block(int64_t block) const { return philox(counter(block), key_); }

  /// What Philox makes a block from. Consecutive blocks differ in the first word alone, but where
  /// their numbers pass a multiple of 2^32.
  std::array<uint32_t, 4> counter(int64_t block) const;
  std::array<uint32_t, 2> key() const { return key_; }

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
};

}  // namespace fracbit
