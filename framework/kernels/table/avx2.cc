#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

struct Lanes {
  struct Sums {
    __m256i low, high;
  };
  struct Reals {
    __m256 low, high;
  };
  using Bytes = __m256i;
  using Counts = __m256i;
  static constexpr int kPixels[] = {8, 4}, kStreams = 2, kParts = 1;

  static Sums zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static Sums load_sums(const int32_t* p) { return {load(p), load(p + 8)}; }
  static void store_sums(Sums a, int32_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), a.high);
  }
  static Sums splat_sums(int32_t a) { return {_mm256_set1_epi32(a), _mm256_set1_epi32(a)}; }
  static Sums add(Sums a, Sums b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
  }
  static Sums multiply(Sums a, int32_t b) {
    const __m256i factor = _mm256_set1_epi32(b);
    return {_mm256_mullo_epi32(a.low, factor), _mm256_mullo_epi32(a.high, factor)};
  }

  static __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static Bytes load_bytes(const uint8_t* p) { return once(load(p)); }
  static Bytes load_table(const uint8_t* p) {
    return once(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static Bytes splat_bytes(int a) { return _mm256_set1_epi8(static_cast<char>(a)); }
  static Bytes splat_pairs(int low, int high) {
    return _mm256_set1_epi16(static_cast<int16_t>(256 * high + low));
  }
  static Bytes look(Bytes table, Bytes subset) { return _mm256_shuffle_epi8(table, subset); }
  static Counts no_counts() { return _mm256_setzero_si256(); }
  /// GCC would add in another order, with sums in memory.
  static Counts add_pairs(Counts counts, Bytes a, Bytes b) {
    return once(_mm256_add_epi16(counts, _mm256_maddubs_epi16(a, b)));
  }
  static Sums add_signed(Sums a, Counts b) {
    return add(a, {_mm256_cvtepi16_epi32(_mm256_castsi256_si128(b)),
                   _mm256_cvtepi16_epi32(_mm256_extracti128_si256(b, 1))});
  }
  static Sums add_unsigned(Sums a, Counts b) {
    return add(a, {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(b)),
                   _mm256_cvtepu16_epi32(_mm256_extracti128_si256(b, 1))});
  }

  static Reals load_reals(const real* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static Reals splat_reals(real a) { return {_mm256_set1_ps(a), _mm256_set1_ps(a)}; }
  static Reals to_reals(Sums a) { return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
  static Reals multiply(Reals a, Reals b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  static Reals multiply_add(Reals a, Reals b, Reals c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
  }
  static void store_reals(Reals a, int64_t count, real* p) {
    store_eight(a.low, count, p);
    store_eight(a.high, count - 8, p + 8);
  }
  static void store_eight(__m256 a, int64_t count, real* p) {
    if (count >= 8) return _mm256_storeu_ps(p, a);
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i first = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
    if (count > 0) _mm256_maskstore_ps(p, first, a);
  }

 private:
  static __m256i once(__m256i a) {
    asm("" : "+x"(a));
    return a;
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

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::table
