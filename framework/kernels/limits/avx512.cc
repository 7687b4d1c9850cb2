#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/limits/limits.h"

namespace fracbit::kernels::limits {
namespace {

#include "fracbit/framework/kernels/limits/unroll.inc.h"

#include "fracbit/framework/kernels/limits/lanes512.inc.h"

/// Without the popcount of vectors and without VNNI: as AVX2 does it.
struct Lanes : Lanes512 {
  static constexpr int kBitPixels = 4, kBitSteps = 16, kByteMacs = 64;

  static Ints count(Ints counts, Ints x, Ints w) {
    const Ints table =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const Ints four = _mm512_set1_epi8(15), a = _mm512_xor_si512(x, w);
    const Ints low = _mm512_shuffle_epi8(table, _mm512_and_si512(a, four));
    const Ints high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(a, 4), four));
    return _mm512_add_epi8(counts, _mm512_add_epi8(low, high));
  }
  static Ints widened(Ints counts) { return _mm512_sad_epu8(counts, zero()); }
  /// Pairs of bytes, pairs of pairs, and the sum.
  static Ints dot(Ints sum, Ints x, Ints w) {
    asm volatile("" : "+v"(w));  // not the same product each time
    const Ints pairs = _mm512_maddubs_epi16(x, w);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
  static Ints look(Ints sum, Ints entries) {
    const Ints looked = _mm512_shuffle_epi8(entries, sum);
    return _mm512_add_epi16(sum, _mm512_maddubs_epi16(looked, _mm512_set1_epi8(1)));
  }
};

#include "fracbit/framework/kernels/limits/table.inc.h"
//
#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512", kTable);

}  // namespace fracbit::kernels::limits
