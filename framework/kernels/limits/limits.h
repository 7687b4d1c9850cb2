#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Loops of one instruction, or of the few that a kind of product cannot do without, on registers
/// and the first-level cache: what this machine can do at most, for kernels to be measured against.
namespace fracbit::kernels::limits {

/// Words that the loops of products read.
inline constexpr int64_t kWords = 1024;

struct Loop {
  double macs;  ///< multiply-accumulates of a round
  /// `data` holds kWords words; `sink` has room for 8 and takes a result, so that there is one.
  /// Null where an instruction set has no such loop.
  void (*run)(const uint64_t* data, int64_t rounds, uint64_t* sink) noexcept;
};

struct Kernels {
  const char* name;
  Loop fma;    ///< floats: multiply, add
  Loop bits;   ///< words of signs, one side broadcast: xor, popcount, add; 64 to a word
  Loop bytes;  ///< unsigned by signed bytes: dot products added to 32-bit sums
  Loop table;  ///< byte permute and dot product, or sum of neighbours: 4 bits at a time
  /// Adds n words, a multiple of 64.
  void (*read)(const uint64_t* from, int64_t n, uint64_t* sink) noexcept;
  /// Copies n words, a multiple of 64.
  void (*copy)(const uint64_t* from, int64_t n, uint64_t* to) noexcept;
};

/// Those of an instruction set; null if this build has none.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::limits
