#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Residual codes of a row of reals, and what their scales and masks are found with.
///
/// With E_0 = x and E_n = E_(n-1) - mu_n s_n, s_n = +1 where E_(n-1) >= 0 and -1 elsewhere, an
/// element of width M has the terms s_1 .. s_M (spec 2.8, 3.1).
namespace fracbit::kernels::residual {

inline constexpr int kMostTerms = 8;
/// Cut points between widths 1, 2 and 3.
inline constexpr int kCuts = 2;

/// What says how wide an element is.
enum class Widths {
  uniform,  ///< all have all terms
  cuts,     ///< 1 + the number of cut points below the key
  stored,   ///< one byte each
};

/// The key that elements are sorted by: | |x| - centre |, or -|x|.
struct Key {
  real centre;
  bool negative;
};

struct Code {
  int terms;  ///< 1 to 8; with cuts at most 3
  real mu[kMostTerms];
  Widths widths;
  Key key;
  real cut[kCuts];        ///< -inf: all are above; +inf: none
  const uint8_t* stored;  ///< of the first element
};

struct Sum {
  double magnitude;
  int64_t count;
};

/// Sums run in 32 lanes, lane l over elements l, l + 32, ..; these are added as a binary tree:
/// lanes l and l + 16 first, then l and l + 8, and so on.
inline constexpr int kLanes = 32;

/// Keys are counted by the bits of theirs below the sign: exponent and first bits of the mantissa.
inline constexpr int kBinBits = 13;
inline constexpr int64_t kBins = int64_t{1} << kBinBits;
/// Copies of each counter, so that equal keys in a row do not wait for each other.
inline constexpr int kCopies = 4;

/// Keys | |x| - centre | of low <= key < high are kept, smaller ones counted.
struct Bracket {
  real low, high;
  int64_t below;  ///< added to
  real* kept;     ///< appended to: from kept[count] on; has room for count + n + 16
  int64_t count;
};

struct Kernels {
  const char* name;
  /// Sum of |x|.
  double (*magnitude)(const real* x, int64_t n) noexcept;
  /// Sum of |E_term| over the elements of width > term, and their number; 1 <= term < terms.
  Sum (*term)(const real* x, int64_t n, const Code& code, int term) noexcept;
  /// out = sum over the terms of an element of level[term] s, in order of the terms.
  void (*values)(const real* x, int64_t n, const Code& code, const real* level, real* out) noexcept;
  /// The same for levels that are integers, as bytes or 16-bit numbers.
  void (*bytes)(const real* x, int64_t n, const Code& code, const real* level,
                int8_t* out) noexcept;
  void (*words)(const real* x, int64_t n, const Code& code, const real* level,
                int16_t* out) noexcept;
  /// Sign and mask planes of a row: plane 2 t holds s > 0 and plane 2 t + 1 the mask of term t,
  /// each of ceil(n / 64) words. Signs are 0 where the mask is.
  void (*planes)(const real* x, int64_t n, const Code& code, uint64_t* row) noexcept;
  /// Widths by cuts.
  void (*widths)(const real* x, int64_t n, const Code& code, uint8_t* out) noexcept;
  /// Adds to bins[copy][bin of | |x| - centre |], whichever the copy.
  void (*count)(const real* x, int64_t n, real centre, uint32_t* bins) noexcept;
  /// Sorts keys into brackets, which do not overlap.
  void (*collect)(const real* x, int64_t n, real centre, Bracket* brackets,
                  int64_t number) noexcept;
};

/// The kernels of an instruction set ("scalar", "avx2", "avx512", .., or "reference", the plain
/// loops that the others are tested against), or those of the nearest lesser one.
const Kernels& find(const char* isa) noexcept;

/// The bin of a key, and the smallest key of a bin.
int64_t bin_of(real key) noexcept;
real bin_begin(int64_t bin) noexcept;

}  // namespace fracbit::kernels::residual
