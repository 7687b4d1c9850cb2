#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Products of gradient codes q (bytes of 1 to 8 bits) with operands s of few bits, summed exactly.
///
/// **Table products.** For four codes the sums of all 16 subsets are bytes, as long as
/// 4 (2^6 - 1) <= 255. A *table* holds those of 16 codes:
///
///   table[16 j + m] = sum over the bits i of m of q[4 j + i],   j < 4, m < 16
///
/// and an *index*, 64 bytes, says which subset the bits s of 16 channels choose of each group j.
/// One permutation of bytes by an index looks up 64 sums, that is 256 products; a dot product with
/// a constant adds the four sums of a channel. The order of the bytes of an index is the
/// instruction set's own. Codes of 7 and 8 bits have two tables, of q % 16 and of q / 16.
///
/// **Tables of signs.** Where s is +-1 a group of four codes has only eight sums that differ by
/// more than their sign. With the sign of its first code taken out of a group,
///
///   table[8 j + m] = q[4 j] + sum over i = 1 .. 3 of (bit i - 1 of m ? q[4 j + i] : top - q[4 j +
///   i])
///
/// is a byte too, m saying which of the others have the sign of the first, and
///
///   sum over i of (q[4 j + i] - top / 2) s[4 j + i] = s[4 j] (table[8 j + m] - 2 top)
///
/// A table filled with 2 top adds nothing. An index holds the subsets and the signs; one
/// multiplication and addition of neighbouring bytes takes both, or, where there is none (NEON), a
/// lookup of table or 255 - table and an addition of neighbours. Sums of 16 bits, widened now and
/// then, do where there are no dot products.
///
/// **Dot products.** An index holds s itself, 4 signed bytes of each of 16 channels:
/// index[4 c + i] = s[i][c], to be multiplied with 4 codes.
///
/// Input gradients sum over taps and filters: q are the codes of a pixel, s the weights. Weight
/// gradients sum over the pixels of a sample: q are the codes of a filter at consecutive pixels, s
/// the activations there.
namespace fracbit::kernels::table {

inline constexpr int kCodes = 16;     ///< codes of one table
inline constexpr int kBytes = 64;     ///< of a table, and of an index, but for some methods
inline constexpr int kChannels = 16;  ///< of an index
inline constexpr int kWord = 64;      ///< channels of a word of bits, four indices
inline constexpr int kVectors = 4;    ///< indices of one input product
inline constexpr int kFilters = 4;    ///< of one weight product

enum class Method {
  table,    ///< codes of at most 6 bits, s of one bit
  pairs,    ///< codes of at most 5 bits: two looked-up bytes are added before they are summed
  nibbles,  ///< codes of 7 and 8 bits: two tables, pairs of each
  planes,   ///< codes of at most 6 bits, s of two bits: two subsets; weight gradients only
  signs,    ///< codes of at most 6 bits, s of +-1
  dot,      ///< s in [-128, 127]
};
inline constexpr int kMethods = 6;

/// Steps that a method takes at once: k is a multiple of it. Steps of zeros may be added.
constexpr int depth(Method method) {
  return method == Method::pairs || method == Method::nibbles ? 2 : 1;
}

/// Bytes of the table of 16 codes, or of four codes of a dot product.
constexpr int table_bytes(Method method) {
  switch (method) {
    case Method::nibbles:
      return 2 * kBytes;
    case Method::signs:
      return kBytes / 2;
    case Method::dot:
      return 4;
    default:
      return kBytes;
  }
}

/// Bytes of an index: one subset for each bit of s, or a subset and a sign.
constexpr int index_bytes(Method method) {
  return method == Method::planes || method == Method::signs ? 2 * kBytes : kBytes;
}

/// y[p][c] = scale[p] float(D), D = factor (sum over k of q s) + pixel_term[p] +
/// class_term[pixel_class[p]][c]. A step is one table, or four codes. With signs the sum is of the
/// bytes looked up times their signs.
struct InputProduct {
  const uint8_t* q;
  const int64_t* window;  ///< [pixels] bytes from q to the window of a pixel
  const int64_t* tap;     ///< [k] bytes from there to a step
  int64_t pixels, k;
  const uint8_t* index;  ///< [k][vectors][index_bytes]
  int vectors;           ///< 1 .. kVectors
  int32_t most;          ///< largest |q s|; dot only
  int32_t factor;
  const int32_t* pixel_term;   ///< [pixels]
  const int32_t* pixel_class;  ///< [pixels]
  const int32_t* class_term;   ///< [classes][kWord]
  const real* scale;           ///< [pixels]
  real* y;
  const int64_t* result;  ///< [pixels] reals from y to the first channel of a pixel
  int channels;           ///< to write, at most kChannels vectors
};

/// sums[f][t][c] = fma(scale[b], float(D), sums[f][t][c]) for the samples b in order, where
/// D = unit (sum over blocks of q s) + start[t][c] + term[t][f], for all streams t. A block is one
/// table, or four codes. The sums of the streams lie n = Kernels::streams at a time:
/// [streams / n][kFilters][n or what is left][kChannels].
struct WeightProduct {
  int64_t samples, blocks, streams;
  const uint8_t* q;
  int64_t q_sample, q_filter, q_block;  ///< bytes to the next one
  const uint8_t* index;
  int64_t index_sample;   ///< bytes to the next one
  const int64_t* stream;  ///< [streams] bytes from index to that of a stream
  const int64_t* block;   ///< [blocks] bytes from a stream to the index of a block
  int32_t most;           ///< largest |q s|; dot only
  int32_t unit;           ///< 16 unit <= 127, but for dot
  const int32_t* start;   ///< [samples][start_sample], of them [streams][kChannels]
  int64_t start_sample;
  const int32_t* term;  ///< [samples][term_sample], or null for 0
  int64_t term_sample;
  const int64_t* stream_term;  ///< [streams] integers from term to the kFilters of a stream
  const real* scale;           ///< [samples]
  real* sums;
};

/// sums[t][c] = factor (sum over blocks of q s) + offset[t], for one row of codes q of 1 bit, or of
/// tables of signs that hold 2.
struct IndexSum {
  int64_t blocks, streams;
  const uint8_t* index;
  const int64_t* stream;  ///< [streams] bytes from index to that of a stream
  const int64_t* block;   ///< [blocks] bytes from a stream to the index of a block
  const uint8_t* q;
  int64_t q_block;  ///< bytes to the next one
  int32_t factor;
  const int32_t* offset;  ///< [streams]
  int32_t* sums;          ///< [streams][kChannels]
};

/// What one instruction set offers.
struct Kernels {
  const char* name;
  int streams;  ///< that a weight product takes at once
  /// The products by method; null where the set has none.
  void (*input[kMethods])(const InputProduct&) noexcept;
  void (*weight[kMethods])(const WeightProduct&) noexcept;
  void (*index_sum[kMethods])(const IndexSum&) noexcept;

  /// Tables of `count` runs of 16 codes q <= top = 2^bits - 1, `step` bytes apart. With nibbles the
  /// table of q / 16 comes kBytes after that of q % 16.
  void (*make_tables)(Method method, const uint8_t* codes, int64_t count, int32_t top,
                      uint8_t* tables, int64_t step) noexcept;
  /// The four indices of a word of channels, `step` bytes apart: bit c of word i is bit 0 of
  /// s[i][c], or 1 where it is +1. With planes bit 1 of s[i][c] is that of word kCodes + i.
  void (*make_index)(Method method, const uint64_t* words, uint8_t* index, int64_t step) noexcept;
  /// The four indices of a word of channels for dot products, null where the set has none: row i is
  /// made of `planes` words `plane` words apart, plane p holding bit p of codes; s = mul code +
  /// add. A null row is 0.
  void (*make_levels)(const uint64_t* const (&rows)[4], int planes, int64_t plane, int mul, int add,
                      uint8_t* index, int64_t step) noexcept;
  /// Transposes 16 rows of 16 codes: to[f step + p] = rows[p][f].
  void (*turn)(const uint8_t* const (&rows)[kCodes], uint8_t* to, int64_t step) noexcept;
  /// sums[p] = sum over f < filters of codes[p filters + f].
  void (*code_sums)(const uint8_t* codes, int64_t pixels, int64_t filters, int32_t* sums) noexcept;
};

/// The kernels of an instruction set ("avx2", "avx512", "avx512vp", "neon", or "reference", the
/// loops that the others are tested against); null if this build has none.
const Kernels* find(const char* isa) noexcept;

}  // namespace fracbit::kernels::table
