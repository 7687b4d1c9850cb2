#pragma once

#include <cstddef>
#include <cstdint>

#include "fracbit/quantize/deploy/format.h"

namespace fracbit::deploy {

// What the writer and the reader of `.fbit` files share; docs/formats.md is the description.

inline constexpr char kMagic[kMagicBytes] = {'\x89', 'f', 'b', 'i', 't', '\r', '\n', '\x1a'};
inline constexpr size_t kSumAt = 12;   ///< CRC-32C of everything from kSizeAt on
inline constexpr size_t kSizeAt = 16;  ///< bytes of the file

/// Bytes of a stored integer threshold of sums up to `largest`.
constexpr int threshold_bytes(int64_t largest) {
  return largest < INT16_MAX ? 2 : 4;
}

/// Flags of a block.
inline constexpr int kBias = 1;
inline constexpr int kNorm = 2;
inline constexpr int kThresholds = 4;
inline constexpr int kWindow = 8;
inline constexpr int kBeforeNorm = 16;

}  // namespace fracbit::deploy
