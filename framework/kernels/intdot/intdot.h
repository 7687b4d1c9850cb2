#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Products of small integers: sums of dot products of *groups* of 4 bytes.
///
/// A group holds, in one of two formats,
///
///   bytes   4 numbers: x unsigned, w signed. dot = x0 w0 + x1 w1 + x2 w2 + x3 w3
///   words   2 signed 16-bit numbers on both sides. dot = x0 w0 + x1 w1
///
/// One side has its groups anywhere and is broadcast, the other has those of 16 outputs side by
/// side, one per 32-bit lane, so nothing is ever summed across lanes. All sums are exact modulo
/// 2^32. What training needs beside these products is in intdot/training.
namespace fracbit::kernels::intdot {

/// Outputs of a block: lanes that lie together.
inline constexpr int kLanes = 16;
/// Bytes of a group, and of the groups of a block.
inline constexpr int kGroup = 4;
inline constexpr int kBlock = kGroup * kLanes;

/// One call: `pixels` windows times `lanes` outputs.
///
///   D[p][l] = factor sum over taps t, k < run of dot(x[window[p] + tap[t] + k], w[l][t][k])
///             + term[term_row[p]][l]
struct Product {
  const uint8_t* x;
  const int64_t* window;    ///< [pixels] bytes from x to each window
  const int64_t* tap;       ///< [taps] bytes from a window to each of its taps
  int64_t pixels;           ///< at least 1
  int64_t taps;             ///< 0: D is the term alone
  int64_t run;              ///< groups of a tap, one after the other
  const uint8_t* w;         ///< [lanes / 16][taps][run][16] groups
  int factor;               ///< 1 or 2
  const int32_t* term;      ///< [rows][term_step]
  int64_t term_step;        ///< lanes rounded up to blocks, or more
  const int32_t* term_row;  ///< [pixels], or null for row 0
  int64_t lanes;            ///< outputs to write, at least 1
  const int64_t* place;     ///< [pixels] elements from out or y to each pixel's first output
  int32_t* out;             ///< where D goes
  const real* scale;        ///< of scaled products (training.h): y = scale[p] D
  int64_t scale_step;       ///< 1, or 0 if all pixels have scale[0]
  real* y;
};

struct Kernels {
  const char* name;
  /// False where bytes gain nothing over words: then products of bytes are better widened.
  bool fast_bytes;
  /// out = D, of groups of bytes and of words.
  void (*bytes)(const Product&) noexcept;
  void (*words)(const Product&) noexcept;
};

/// The kernels of an instruction set ("scalar", "avx2", "avx512", "avx512vp", or "reference", the
/// plain loops that the others are tested against); null if this build has none.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::intdot
