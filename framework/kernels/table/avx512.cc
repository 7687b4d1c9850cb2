#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

/// Two 128-bit parts of a vector look into the first 16 bytes of a table, two into the next.
struct Lanes {
  using Sums = __m512i;
  using Reals = __m512;
  using Bytes = __m512i;
  using Counts = __m512i;
  static constexpr int kPixels[] = {8, 8, 4, 4}, kStreams = 3, kParts = 2;

  static Sums zero() { return _mm512_setzero_si512(); }
  static Sums load_sums(const int32_t* p) { return _mm512_loadu_si512(p); }
  static void store_sums(Sums a, int32_t* p) { _mm512_storeu_si512(p, a); }
  static Sums splat_sums(int32_t a) { return _mm512_set1_epi32(a); }
  static Sums add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static Sums multiply(Sums a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }

  static Bytes load_bytes(const uint8_t* p) { return once(_mm512_loadu_si512(p)); }
  static Bytes load_table(const uint8_t* p) {
    return once(_mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
  }
  static Bytes splat_bytes(int a) { return _mm512_set1_epi8(static_cast<char>(a)); }
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

  static Reals load_reals(const real* p) { return _mm512_loadu_ps(p); }
  static Reals splat_reals(real a) { return _mm512_set1_ps(a); }
  static Reals to_reals(Sums a) { return _mm512_cvtepi32_ps(a); }
  static Reals multiply(Reals a, Reals b) { return _mm512_mul_ps(a, b); }
  static Reals multiply_add(Reals a, Reals b, Reals c) { return _mm512_fmadd_ps(a, b, c); }
  static void store_reals(Reals a, int64_t count, real* p) {
    if (count >= kChannels) return _mm512_storeu_ps(p, a);
    if (count > 0) _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1 << count) - 1), a);
  }

 private:
  static __m512i once(__m512i a) {
    asm("" : "+v"(a));
    return a;
  }
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
#include "fracbit/framework/kernels/table/input.inc.h"
#include "fracbit/framework/kernels/table/weight.inc.h"
//
#include "fracbit/framework/kernels/table/layout_avx2.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::table
