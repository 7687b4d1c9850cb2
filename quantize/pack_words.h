#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::quantize {

/// Codes of the 64 elements of a word, one byte each.
using CodeBytes = std::array<uint8_t, 64>;

/// Bit `plane` of each of 64 codes, gathered into a word: code c gives bit c.
inline uint64_t gather_plane(const CodeBytes& codes, int plane) {
  static_assert(std::endian::native == std::endian::little, "byte c must be bits 8 c .. 8 c + 7");
  uint64_t word = 0;
  for (int group = 0; group < 8; ++group) {
    uint64_t bytes;
    std::memcpy(&bytes, codes.data() + 8 * group, sizeof bytes);
    const uint64_t lowest = (bytes >> plane) & 0x0101010101010101u;
    // Moves bit 0 of byte j to bit 56 + j; no two products meet.
    word |= ((lowest * 0x0102040810204080u) >> 56) << (8 * group);
  }
  return word;
}

/// Calls body(words, first, count) for every word position of every row: `words` is the word of
/// plane 0 (plane p is words_per_plane() further), `first` the flat index of its first element,
/// `count` its elements (1 .. 64).
template <typename Body>
void for_each_word(BitTensor& bits, const Body& body) {
  constexpr int64_t kElementsPerTask = 1 << 14;
  const int64_t last = bits.shape().back();
  const int64_t rows = std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(1, last));
  parallel_for(bits.rows(), rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < last; c += 64) {
        body(bits.row(r) + c / 64, r * last + c, std::min<int64_t>(64, last - c));
      }
    }
  });
}

/// Fills a BitTensor of codes of at most 8 bits: element i has code(i).
template <typename Code>
void pack_each(BitTensor& bits, const Code& code) {
  for_each_word(bits, [&](uint64_t* words, int64_t first, int64_t count) {
    CodeBytes codes{};
    for (int64_t c = 0; c < count; ++c) {
      codes[static_cast<size_t>(c)] = static_cast<uint8_t>(code(first + c));
    }
    for (int p = 0; p < bits.bits(); ++p) {
      words[p * bits.words_per_plane()] = gather_plane(codes, p);
    }
  });
}

}  // namespace fracbit::quantize
