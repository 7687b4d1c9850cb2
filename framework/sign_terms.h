#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "fracbit/framework/real.h"

namespace fracbit {

/// A residual code of signed terms under masks, as loops over reals need it: with E_0 = x and
/// E_n = E_(n-1) - mu_n s_n, s_n = +1 where E_(n-1) >= 0 and -1 elsewhere, an element of width M
/// has the terms s_1 .. s_M.
struct SignTerms {
  static constexpr size_t kMost = 8;
  enum class Widths {
    uniform,  ///< all elements have all terms
    cuts,     ///< 1 + the number of cut points below the key, at most 3
    stored,   ///< one byte each
  };

  int terms = 1;
  std::array<real, kMost> mu = {};
  Widths widths = Widths::uniform;
  real centre = 0;                  ///< the key is | |x| - centre |,
  bool negative = false;            ///< or -|x|
  std::array<real, 2> cut = {};     ///< -inf: all keys are above; +inf: none
  const uint8_t* stored = nullptr;  ///< of the first element
};

/// Sums run in double, in 32 lanes that are added as a tree: the same bits on every instruction
/// set.
double sum_of_magnitudes(std::span<const real> x);
struct TermSum {
  double magnitude;
  int64_t count;
};
/// Sum of |E_term| over the elements of width > term, and their number; 1 <= term < terms.
TermSum sum_of_term(std::span<const real> x, const SignTerms& code, int term);

/// out = sum over the terms of an element of level[term] s, in order of the terms.
void write_levels(std::span<const real> x, const SignTerms& code, const real* level, real* out);
/// The same for levels that are integers, |sum| within the type.
void write_levels(std::span<const real> x, const SignTerms& code, const real* level, int8_t* out);
void write_levels(std::span<const real> x, const SignTerms& code, const real* level, int16_t* out);
/// Sign and mask planes of a row of a BitTensor.
void write_planes(std::span<const real> x, const SignTerms& code, uint64_t* row);
/// The widths of a code with cuts.
void write_widths(std::span<const real> x, const SignTerms& code, uint8_t* out);

}  // namespace fracbit
