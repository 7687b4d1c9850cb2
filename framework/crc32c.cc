#include "fracbit/framework/crc32c.h"

#include <array>

namespace fracbit {

namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b] is the effect of byte b followed by k zero bytes.
Tables make_tables() {
  Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0x82F63B78u : 0u);
    tables[0][b] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      const uint32_t previous = tables[k - 1][b];
      tables[k][b] = (previous >> 8) ^ tables[0][previous & 0xFFu];
    }
  }
  return tables;
}

/// Made at the first use: they would be 8 KB of a library that is otherwise small.
const Tables& tables() {
  static const Tables made = make_tables();
  return made;
}

uint32_t byte_at(const std::byte* p, int i) {
  return std::to_integer<uint32_t>(p[i]);
}

}  // namespace

// Eight bytes a round ("slicing by 8", Kounavis and Berry 2005).
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc) {
  const Tables& table = tables();
  const std::byte* p = bytes.data();
  size_t left = bytes.size();
  crc = ~crc;
  for (; left >= 8; p += 8, left -= 8) {
    const uint32_t low =
        crc ^ (byte_at(p, 0) | byte_at(p, 1) << 8 | byte_at(p, 2) << 16 | byte_at(p, 3) << 24);
    crc = table[7][low & 0xFFu] ^ table[6][low >> 8 & 0xFFu] ^ table[5][low >> 16 & 0xFFu] ^
          table[4][low >> 24] ^ table[3][byte_at(p, 4)] ^ table[2][byte_at(p, 5)] ^
          table[1][byte_at(p, 6)] ^ table[0][byte_at(p, 7)];
  }
  for (; left > 0; ++p, --left) crc = (crc >> 8) ^ table[0][(crc ^ byte_at(p, 0)) & 0xFFu];
  return ~crc;
}

std::string crc32c_text(uint32_t crc) {
  std::string text(8, '0');
  for (size_t i = 0; i < 8; ++i) text[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 0xFu];
  return text;
}

}  // namespace fracbit
