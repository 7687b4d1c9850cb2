#include "fracbit/framework/ops/integer_gradient/operands.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

constexpr int kMostBits = 8;

std::string head(const char* op) {
  std::string text = "[";
  text += op;
  return text + "] expects ";
}

/// Eight bits to eight bytes of 0 or 1, the lowest bit first in memory.
uint64_t spread(uint64_t byte) {
  static_assert(std::endian::native == std::endian::little, "byte i must be bits 8 i .. 8 i + 7");
  // Byte i keeps bit i of its copy of the byte; adding 127 carries it to the top.
  const uint64_t own = (byte * 0x0101010101010101u) & 0x8040201008040201u;
  return ((own + 0x7f7f7f7f7f7f7f7fu) >> 7) & 0x0101010101010101u;
}

}  // namespace

LevelRange::LevelRange(const BitTensor& bits) {
  const int32_t first = bits.map().add;
  const int32_t last = bits.map().mul * ((int32_t{1} << bits.bits()) - 1) + first;
  low = std::min(first, last), high = std::max(first, last);
}

void check_operand(const char* op, const ScaledBits& operand) {
  const BitTensor& bits = operand.bits;
  if (bits.encoding() != Encoding::codes || bits.bits() > kMostBits) {
    throw ConfigError(head(op) + "codes of at most 8 bits, got " +
                      (bits.encoding() == Encoding::codes ? std::to_string(bits.bits()) + " bits"
                                                          : "residual terms"));
  }
  if (LevelRange(bits).most() > kMostLevel) {
    throw ConfigError(head(op) + "levels of at most 255, got " +
                      std::to_string(LevelRange(bits).most()));
  }
  if (operand.scales.size() != 1) {
    throw ShapeError(head(op) + "one scale, got " + to_string(operand.scales.shape()));
  }
}

void check_gradient(const char* op, const GradientCodes& g) {
  if (g.bits < 1 || g.bits > kMostBits) {
    throw ConfigError(head(op) + "gradient codes of 1 to 8 bits, got " + std::to_string(g.bits));
  }
  if (g.shape.rank() == 0 || g.codes.size() != g.shape.size() || g.scales.size() != g.shape[0]) {
    throw ShapeError(head(op) + "one gradient code per element and one scale per sample, got " +
                     std::to_string(g.codes.size()) + " and " + std::to_string(g.scales.size()) +
                     " for " + to_string(g.shape));
  }
}

void check_sum(const char* op, const GradientCodes& g, const BitTensor& bits, int64_t terms) {
  const int64_t most = int64_t{g.top()} * LevelRange(bits).most();
  if (most == 0 || terms <= std::numeric_limits<int32_t>::max() / most) return;
  throw ShapeError(head(op) + "sums that fit 32 bits, got " + std::to_string(terms) +
                   " products of up to " + std::to_string(most));
}

void unpack_codes(const uint64_t* row, int planes, int64_t words_per_plane, int64_t count,
                  uint8_t* codes) {
  for (int64_t c = 0; c < count; c += 8) {
    uint64_t bytes = 0;
    for (int p = 0; p < planes; ++p) {
      const uint64_t word = row[p * words_per_plane + c / 64];
      bytes |= spread(word >> (c % 64) & 255) << p;
    }
    std::memcpy(codes + c, &bytes, static_cast<size_t>(std::min<int64_t>(8, count - c)));
  }
}

Buffer<int16_t> unpack_levels(const BitTensor& bits) {
  constexpr int64_t kChunk = 512;
  const int64_t last = bits.shape().back();
  const int mul = bits.map().mul, add = bits.map().add;
  Buffer<int16_t> levels(bits.rows() * last);
  parallel_for(bits.rows(), 64, [&](int64_t begin, int64_t end) {
    std::array<uint8_t, kChunk> codes;
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < last; c += kChunk) {
        const int64_t count = std::min(kChunk, last - c);
        unpack_codes(bits.row(r) + c / 64, bits.bits(), bits.words_per_plane(), count,
                     codes.data());
        int16_t* to = levels.data() + r * last + c;
        for (int64_t i = 0; i < count; ++i) {
          to[i] = static_cast<int16_t>(mul * codes[static_cast<size_t>(i)] + add);
        }
      }
    }
  });
  return levels;
}

}  // namespace fracbit::ops::integer_gradient
