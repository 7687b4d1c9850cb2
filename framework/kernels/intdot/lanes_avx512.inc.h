// Lanes of the instruction set, for products and for training.

#include "fracbit/framework/kernels/intdot/lanes512.inc.h"

/// Sixteen lanes without VNNI: pairs of 16-bit numbers are multiplied and added. The instruction
/// for bytes would saturate, so these are widened first.
struct Lanes : Lanes512 {
  static Ints dot_words(Ints acc, Ints x, Ints w) { return add(acc, _mm512_madd_epi16(x, w)); }
  static Ints dot_bytes(Ints acc, Ints x, Ints w) {
    const Ints low = _mm512_set1_epi16(255);
    const Ints even =
        _mm512_madd_epi16(_mm512_and_si512(x, low), _mm512_srai_epi16(_mm512_slli_epi16(w, 8), 8));
    const Ints odd = _mm512_madd_epi16(_mm512_srli_epi16(x, 8), _mm512_srai_epi16(w, 8));
    return add(acc, add(even, odd));
  }
};
