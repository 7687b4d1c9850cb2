#pragma once

#include "fracbit/framework/kernels/intdot/intdot.h"

/// What training takes beside the products of intdot.h: scaled products, outer products, and the
/// groups of what is read across its rows.
namespace fracbit::kernels::intdot::training {

/// Sums over samples b in order, of products over their pixels:
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
  int rows;           ///< 1 or more
  int lanes;          ///< a multiple of 16
  real* sum;          ///< [rows][sum_step]
  int64_t sum_step;
};

/// What one instruction set offers for one format.
struct Format {
  /// y = scale D.
  void (*scaled)(const Product&) noexcept;
  void (*outer)(const Outer&) noexcept;
  /// The sums of x alone: to[b term_sample + l] = multiple (sum over lines i, k of the numbers of
  /// x[b][i][k][l]).
  void (*sums)(const Outer&, int32_t multiple, int32_t* to) noexcept;
};

struct Kernels {
  const char* name;
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

/// As intdot::find.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::intdot::training
