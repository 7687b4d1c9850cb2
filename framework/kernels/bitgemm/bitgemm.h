#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Products of bitplanes: counts of common bits, summed over a window of words.
///
/// A window is a list of k words (tap by tap, within a tap 64 channels to a word) of one plane. The
/// planes of an input are x, those of 16 filters are w; each filter has one 64-bit lane, so nothing
/// is ever summed across lanes. With pc = popcount and a sum over the k words of a window, the raw
/// counts are
///
///   codes          C = sum over planes i, j of 2^(i+j) pc(x_i & w_j)            spec 1.8, eq. 3
///   signs          C = sum over planes i of 2^i pc(x_i ^ w)                     spec 1.8
///                  +-1 . +-1 = K - 2 C;  q . +-1 = (2^planes - 1) pc(w) - C
///   weight_masked  C = pc((x ^ w) & W)            W, X: masks of w and x
///   input_masked   C = pc((x ^ w) & X)
///   both_masked    C = pc(W & X) - 2 pc((x ^ w) & W & X)                        spec 5.2, pm
///
/// and every function writes the exact integer
///
///   out[p][f] (+)= factor C[p][f] + pixel_term[p] + filter_term[pixel_class[p] + f]
///
/// modulo 2^32, or modulo 2^16 where the result is known to fit int16. The two terms carry what an
/// affine code map, a count that is known beforehand, or a border of zeros adds
/// (docs/conventions.md, "Encodings").
namespace fracbit::kernels::bitgemm {

/// Filters of a block: the lanes that are computed together.
inline constexpr int kFilters = 16;

/// What becomes of the counts of a call.
struct Output {
  int32_t factor;              ///< of the count
  bool add;                    ///< out += instead of out =
  bool narrow;                 ///< out is int16 instead of int32
  const int32_t* pixel_term;   ///< [pixels], or null for 0
  const int32_t* filter_term;  ///< rows of the filters of a block, or null for 0
  const int32_t* pixel_class;  ///< [pixels] start of its row in filter_term, or null for the first
  void* out;                   ///< first filter of the first pixel
  int64_t out_step;            ///< from one pixel to the next
  int filters;                 ///< to write per pixel, 1 to those of a block
};

/// One call: `pixels` windows times one block of filters.
struct Product : Output {
  const uint64_t* x;      ///< plane 0 (signs: the sign plane) of the input
  int64_t x_plane;        ///< words from one plane of x to the next (signs: to the mask)
  const int64_t* window;  ///< [pixels] word offset of each window in x
  const int64_t* tap;     ///< [k] word offset of each word within a window
  int64_t pixels;         ///< at least 1
  int64_t k;              ///< words of a window
  const uint64_t* w;      ///< plane 0 (signs: the sign plane) of the filters, [k][kFilters]
  int64_t w_plane;        ///< words from one plane of w to the next (signs: to the mask)
  int x_planes;           ///< codes and signs
  int w_planes;           ///< codes only
};

/// Scales of one block, applied to exact integers.
struct Epilogue {
  const int32_t* sums;  ///< [w_terms][x_terms][pixels][kFilters]
  int64_t pixels;
  int w_terms;
  int x_terms;
  const real* w_scale;   ///< [w_terms][kFilters]
  const real* x_scale;   ///< [pixels][x_terms] or, if not per pixel, [x_terms]
  int64_t x_scale_step;  ///< x_terms if per pixel, else 0
  real* y;               ///< first output of the block
  int64_t y_step;        ///< from one pixel to the next
  int filters;           ///< outputs to write per pixel, 1 to kFilters
};

/// One pair of terms in a TermProduct. Terms m of x are ever fewer elements: a pair without words
/// has none after it, and the first pair of all has words.
struct TermPair {
  const int64_t* tap;          ///< [k] word offset of each word within a window
  int64_t k;                   ///< words; 0: D = 0, and the rest is not read
  const uint64_t* w;           ///< signs of the filters, [k][kFilters], and after them the masks
  bool masked;                 ///< whether there are masks
  const int32_t* filter_term;  ///< rows of the filters of a block
};

/// Sums of scaled products of signs, for one block of filters:
///   D[n][m] = filter_term[pixel_class[p] + f] - 2 pc((x ^ w) & W)
///   y = sum over n of w_scale[n] (sum over m of x_scale[m] D[n][m]), in double, rounded once
struct TermProduct {
  const uint64_t* x;
  const int64_t* window;       ///< [pixels] word offset of each window in x
  const int32_t* pixel_class;  ///< [pixels] start of its row in filter_term
  int64_t pixels;              ///< at least 1
  const TermPair* pairs;       ///< [w_terms][x_terms]
  int w_terms;
  int x_terms;
  const real* w_scale;  ///< [w_terms][kFilters]
  const real* x_scale;  ///< [x_terms]
  real* y;              ///< first output of the block
  int64_t y_step;       ///< from one pixel to the next
  int filters;          ///< outputs to write per pixel, 1 to kFilters
};

/// What one instruction set offers.
struct Kernels {
  const char* name;
  void (*codes)(const Product&) noexcept;
  void (*signs)(const Product&) noexcept;
  void (*weight_masked)(const Product&) noexcept;
  void (*input_masked)(const Product&) noexcept;
  void (*both_masked)(const Product&) noexcept;
  /// y = (x_scale w_scale) D, one term on each side.
  void (*scale)(const Epilogue&) noexcept;
  /// y = sum over n of w_scale[n] (sum over m of x_scale[m] D[n][m]), in double, rounded once.
  void (*combine)(const Epilogue&) noexcept;
  void (*terms)(const TermProduct&) noexcept;
  /// counts[i] = popcount(words[i]), i < n.
  void (*popcounts)(const uint64_t* words, int64_t n, int32_t* counts) noexcept;
};

/// The kernels of an instruction set ("scalar", "avx2", "avx512", "avx512vp", or "reference", the
/// bit-by-bit loops that the others are tested against); null if this build has none.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::bitgemm
