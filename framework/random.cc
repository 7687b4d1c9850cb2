#include "fracbit/framework/random.h"

#include <cmath>
#include <numbers>

namespace fracbit {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

Random::Random(uint64_t seed, uint32_t stream, uint64_t step, Purpose purpose)
    : key_{static_cast<uint32_t>(seed), stream ^ (static_cast<uint32_t>(seed >> 32) * 0x85EBCA6Bu)},
      counter_{0, static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32),
               static_cast<uint32_t>(purpose)} {}

std::array<uint32_t, 4> Random::counter(int64_t block) const {
  // Blocks past 2^32 (16 G elements) move on in the purpose word's upper half.
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(block) >> 32);
  return {static_cast<uint32_t>(block), counter_[1], counter_[2], counter_[3] ^ (high << 16)};
}

uint32_t Random::word(int64_t i) const {
  return block(i / 4)[static_cast<size_t>(i % 4)];
}

double Random::normal(int64_t i) const {
  const std::array<uint32_t, 4> words = block(i / 2);
  const size_t at = static_cast<size_t>(i % 2) * 2;
  const double u1 = (static_cast<double>(words[at]) + 0.5) * 0x1p-32;
  const double u2 = static_cast<double>(words[at + 1]) * 0x1p-32;
  return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
}

int64_t Random::below(int64_t i, int64_t n) const {
  return static_cast<int64_t>((static_cast<uint64_t>(word(i)) * static_cast<uint64_t>(n)) >> 32);
}

}  // namespace fracbit
