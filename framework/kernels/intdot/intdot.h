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
/// 2^32.
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
  int32_t* out;             ///< integers(): D
  const real* scale;        ///< scaled(): y = scale[p] D
  int64_t scale_step;       ///< 1, or 0 if all pixels have scale[0]
  real* y;
};

/// Sums over samples b in order, of products over their pixels, for up to 4 rows:
///
///   D_b[r][l] = factor sum over lines i, k < run of dot(g[b][i][k][r], x[b][i][k][l]) + term[b][l]
///   sum[r][l] = fma(scale[b], real(D_b[r][l]), sum[r][l])
struct Outer {
  const uint8_t* g;                  ///< broadcast: a row's groups
  int64_t g_sample, g_line, g_step;  ///< bytes to the next sample, line, and k; rows are adjacent
  const uint8_t* x;                  ///< lanes: groups of `lanes` outputs
  int64_t x_sample, x_line, x_step;
  int64_t samples, lines, run;
  int factor;           ///< 1 or 2
  const int32_t* term;  ///< [samples][term_sample]
  int64_t term_sample;
  const real* scale;  ///< [samples]
  int rows;           ///< 1 to 4
  int lanes;          ///< a multiple of 16
  real* sum;          ///< [rows][sum_step]
  int64_t sum_step;
};
inline constexpr int kOuterRows = 4;

/// What one instruction set offers for one format.
struct Format {
  void (*integers)(const Product&) noexcept;
  void (*scaled)(const Product&) noexcept;
  void (*outer)(const Outer&) noexcept;
  /// The sums of x alone: to[b term_sample + l] = multiple (sum over lines i, k of the numbers of
  /// x[b][i][k][l]).
  void (*sums)(const Outer&, int32_t multiple, int32_t* to) noexcept;
};

struct Kernels {
  const char* name;
  /// False where bytes gain nothing over words: then products of bytes are better widened.
  bool fast_bytes;
  Format bytes;
  Format words;
  /// Bytes to groups: to[i / 16][i % 16][j] = from[j][i], i < n, with `block_step` bytes from one
  /// block of 16 groups to the next. The last block is filled up with zeros.
  void (*interleave_bytes)(const uint8_t* const* from, int64_t n, uint8_t* to,
                           int64_t block_step) noexcept;
  /// The same for 16-bit numbers, two to a group; `from` holds two rows.
  void (*interleave_words)(const int16_t* const* from, int64_t n, uint8_t* to,
                           int64_t block_step) noexcept;
};

/// The kernels of an instruction set ("scalar", "avx2", "avx512", "avx512vp", or "reference", the
/// plain loops that the others are tested against); null if this build has none.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::intdot
