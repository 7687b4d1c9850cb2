#include "fracbit/data/md5.h"

#include <algorithm>
#include <array>
#include <bit>

namespace fracbit::data {
namespace {

constexpr size_t kBlock = 64;

// floor(2^32 |sin(i + 1)|), the table T of RFC 1321, sec. 3.4.
constexpr std::array<uint32_t, 64> kTable = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int kRotations[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

using State = std::array<uint32_t, 4>;

uint32_t little_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 |
         uint32_t{bytes[3]} << 24;
}

void add_block(State& state, const uint8_t* block) {
  auto [a, b, c, d] = state;
  for (uint32_t i = 0; i < 64; ++i) {
    const uint32_t round = i / 16;
    const uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                           : round == 1 ? (d & b) | (~d & c)
                           : round == 2 ? b ^ c ^ d
                                        : c ^ (b | ~d);
    constexpr uint32_t kStride[4] = {1, 5, 3, 7};
    constexpr uint32_t kOffset[4] = {0, 1, 5, 0};
    const uint32_t word = little_endian(block + 4 * ((kStride[round] * i + kOffset[round]) % 16));
    const uint32_t sum = a + mixed + kTable[i] + word;
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kRotations[round][i % 4]);
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}

std::string hexadecimal(const State& state) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint32_t word : state) {
    for (const int shift : {4, 0, 12, 8, 20, 16, 28, 24}) text += kDigits[word >> shift & 15];
  }
  return text;
}

}  // namespace

std::string md5(std::span<const uint8_t> bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const size_t whole = bytes.size() / kBlock * kBlock;
  for (size_t at = 0; at < whole; at += kBlock) add_block(state, bytes.data() + at);
  // The rest, a 1 bit, zeros, and the length in bits: one block or two.
  std::array<uint8_t, 2 * kBlock> tail{};
  const size_t rest = bytes.size() - whole;
  std::copy_n(bytes.data() + whole, rest, tail.begin());
  tail[rest] = 0x80;
  const size_t length = rest + 9 <= kBlock ? kBlock : 2 * kBlock;
  for (size_t i = 0; i < 8; ++i) {
    tail[length - 8 + i] = static_cast<uint8_t>(uint64_t{bytes.size()} * 8 >> 8 * i);
  }
  for (size_t at = 0; at < length; at += kBlock) add_block(state, tail.data() + at);
  return hexadecimal(state);
}

}  // namespace fracbit::data
