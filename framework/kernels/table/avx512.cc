#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

#include "fracbit/framework/kernels/table/channels_avx512.inc.h"

/// Two 128-bit parts of a vector look into the first 16 bytes of a table, two into the next.
struct Lanes : Channels {
  using Counts = __m512i;
  static constexpr int kPixels[] = {8, 8, 4, 4}, kStreams = 3, kParts = 2;

  static Bytes load_bytes(const uint8_t* p) { return once(_mm512_loadu_si512(p)); }
  static Bytes load_table(const uint8_t* p) {
    return once(_mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
  }
  static Bytes splat_pairs(int low, int high) {
    return _mm512_set1_epi16(static_cast<int16_t>(256 * high + low));
  }
  static Bytes look(Bytes table, Bytes subset) { return _mm512_shuffle_epi8(table, subset); }
  static Counts no_counts() { return _mm512_setzero_si512(); }
  /// GCC would add in another order, with sums in memory.
  static Counts add_pairs(Counts counts, Bytes a, Bytes b) {
    return once(_mm512_add_epi16(counts, _mm512_maddubs_epi16(a, b)));
  }
  static Sums add_signed(Sums a, Counts b) {
    return add_parts(a, _mm512_cvtepi16_epi32(_mm512_castsi512_si256(b)),
                     _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(b, 1)));
  }
  static Sums add_unsigned(Sums a, Counts b) {
    return add_parts(a, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(b)),
                     _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(b, 1)));
  }

 private:
  /// a + the sums of the first 8 channels by both parts, and those of the last 8.
  static Sums add_parts(Sums a, __m512i low, __m512i high) {
    const Sums first = _mm512_shuffle_i64x2(low, high, 0x44);
    return add(a, add(first, _mm512_shuffle_i64x2(low, high, 0xee)));
  }
};

#include "fracbit/framework/kernels/table/common.inc.h"
//
#include "fracbit/framework/kernels/table/narrow_steps.inc.h"
//
#include "fracbit/framework/kernels/table/neighbours.inc.h"
//
#include "fracbit/framework/kernels/table/input.inc.h"
#include "fracbit/framework/kernels/table/weight.inc.h"
//
#include "fracbit/framework/kernels/table/layout_avx2.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::table
