#pragma once

#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

/// Products of bitplanes by tables, for instruction sets that shuffle bytes but do not count bits.
///
/// A table holds what four neighbouring codes give with each of the 16 choices of four weight bits;
/// the bits of a weight are its index. One shuffle looks up four products of each of many filters,
/// however many planes the codes have. Counts and outputs are those of `codes` and `signs` in
/// kernels/bitgemm.
namespace fracbit::kernels::lookup {

/// Bytes of the tables of one word: for each of its 16 groups of four bits those sums of four codes
/// that the 16 choices of four weight bits make.
inline constexpr int64_t kTable = 256;
/// Planes of codes whose sums of four fit a byte.
inline constexpr int kTablePlanes = 6;

/// tables[pixel][word][group][bits of w] = sum over planes i of 2^i pc(x_i op bits), op = ^ or &.
struct Tables {
  const uint64_t* x;  ///< [pixels], `pixel` words from one to the next; [planes][words] in each
  int64_t pixel;
  int64_t pixels;
  int64_t words;
  int planes;  ///< at most kTablePlanes
  bool signs;  ///< op = ^
  uint8_t* tables;
};

/// The counts of `codes` or `signs` by tables of x, for one block.
struct Lookup : bitgemm::Output {
  const uint8_t* tables;
  const int64_t* window;  ///< [pixels] words of a plane (each kTable bytes) before each window
  const int64_t* tap;     ///< [k] the same within a window
  int64_t pixels;
  int64_t k;
  const uint8_t* w;  ///< [w_planes] times [k][16 groups][filters of a block] bits, as `index` makes
  int64_t w_plane;   ///< bytes from one plane to the next
  int x_planes;
  int w_planes;
};

/// What one instruction set offers.
struct Kernels {
  const char* name;
  /// Filters of a block.
  int filters;
  /// The fewest planes of x from which on this is faster than counting.
  int planes;
  void (*tables)(const Tables&) noexcept;
  /// Words [k][filters] to bits [k][16 groups][filters].
  void (*index)(const uint64_t* words, int64_t k, uint8_t* to) noexcept;
  void (*product)(const Lookup&) noexcept;
};

/// The kernels of an instruction set ("avx2", "avx512"); null if it has none or counts bits faster.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::lookup
