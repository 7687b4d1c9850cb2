#include "fracbit/quantize/heuristic.h"

#include <array>
#include <cmath>

#include "fracbit/quantize/option.h"

namespace fracbit::quantize {

Heuristic heuristic_named(std::string_view name) {
  one_of("bit-heuristic", name, {"middle-out", "top-down", "bottom-up", "random"});
  if (name == "middle-out") return Heuristic::middle_out;
  if (name == "top-down") return Heuristic::top_down;
  return name == "bottom-up" ? Heuristic::bottom_up : Heuristic::random;
}

void ValueKey::fill(const real* x, int64_t count, real* keys) const {
  switch (heuristic) {
    case Heuristic::middle_out:
      for (int64_t c = 0; c < count; ++c) keys[c] = std::abs(std::abs(x[c]) - mean);
      return;
    case Heuristic::top_down:
      for (int64_t c = 0; c < count; ++c) keys[c] = -std::abs(x[c]);
      return;
    default:
      for (int64_t c = 0; c < count; ++c) keys[c] = std::abs(x[c]);
  }
}

void RandomKeys::fill(int64_t first, int64_t count, SortKey* keys) const {
  int64_t c = 0;
  for (; c < count && (first + c) % 4 != 0; ++c) keys[c] = random_.word(first + c) >> 1;
  for (; c + 4 <= count; c += 4) {
    const std::array<uint32_t, 4> words = random_.block((first + c) / 4);
    for (size_t j = 0; j < 4; ++j) keys[c + static_cast<int64_t>(j)] = words[j] >> 1;
  }
  for (; c < count; ++c) keys[c] = random_.word(first + c) >> 1;
}

void Permutation::set(uint64_t seed, uint32_t stream) {
  if (key_[6] != 0) return;
  key_[6] = 1;
  for (int piece = 0; piece < 4; ++piece) {
    key_[piece] = static_cast<real>((seed >> (16 * piece)) & 0xffff);
  }
  key_[4] = static_cast<real>(stream & 0xffff);
  key_[5] = static_cast<real>(stream >> 16);
}

RandomKeys Permutation::keys() const {
  uint64_t seed = 0;
  for (int piece = 0; piece < 4; ++piece) {
    seed |= static_cast<uint64_t>(key_[piece]) << (16 * piece);
  }
  const uint32_t stream = static_cast<uint32_t>(key_[4]) | static_cast<uint32_t>(key_[5]) << 16;
  return RandomKeys(Random(seed, stream, 0, Purpose::permutation));
}

}  // namespace fracbit::quantize
