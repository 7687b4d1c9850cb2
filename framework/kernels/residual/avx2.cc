#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit::kernels::residual {
namespace {

struct Lanes {
  using Reals = __m256;
  using Mask = __m256;
  struct Wide {
    __m256d low, high;
  };
  static constexpr int kCount = 8;

  static Reals load(const real* p) { return _mm256_loadu_ps(p); }
  static void store(real* p, Reals v) { _mm256_storeu_ps(p, v); }
  static Reals splat(real a) { return _mm256_set1_ps(a); }
  static Reals magnitude(Reals v) { return _mm256_andnot_ps(splat(-0.0f), v); }
  static Reals sub(Reals a, Reals b) { return _mm256_sub_ps(a, b); }
  static Mask at_least(Reals a, Reals b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
  static Mask above(Reals a, Reals b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
  static Mask below(Reals a, Reals b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static Mask wider(const uint8_t* p, int n) {
    const __m256i widths =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(widths, _mm256_set1_epi32(n)));
  }
  static Mask all() { return _mm256_castsi256_ps(_mm256_set1_epi32(-1)); }
  static Mask first(int n) {
    return _mm256_castsi256_ps(
        _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
  }
  static Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
  static uint64_t bits(Mask m) { return static_cast<uint32_t>(_mm256_movemask_ps(m)); }
  static int64_t ones(Mask m) {
    return _mm_popcnt_u32(static_cast<uint32_t>(_mm256_movemask_ps(m)));
  }
  static Reals choose(Mask m, Reals a, Reals b) { return _mm256_blendv_ps(b, a, m); }
  static Reals add_where(Mask m, Reals v, Reals a) { return choose(m, _mm256_add_ps(v, a), v); }
  static Reals keep(Mask m, Reals v) { return _mm256_and_ps(m, v); }
  static Wide none() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static void accumulate(Wide& sum, Reals v) {
    sum.low = _mm256_add_pd(sum.low, _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
    sum.high = _mm256_add_pd(sum.high, _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
  }
  static void spill(Wide sum, double* to) {
    _mm256_storeu_pd(to, sum.low);
    _mm256_storeu_pd(to + 4, sum.high);
  }
  /// Whole numbers as 16 bits.
  static __m128i words(Reals v) {
    const __m256i whole = _mm256_cvtps_epi32(v);
    return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  }
  static void store_bytes(int8_t* p, Reals v) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words(v), words(v)));
  }
  static void store_words(int16_t* p, Reals v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), words(v));
  }
  static void store_bins(uint16_t* p, Reals key) {
    const __m256i bin = _mm256_srli_epi32(_mm256_castps_si256(key), 31 - kBinBits);
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(p),
        _mm_packus_epi32(_mm256_castsi256_si128(bin), _mm256_extracti128_si256(bin, 1)));
  }
  static void append(real* p, Reals v, Mask m) {
    real all[kCount];
    store(all, v);
    for (uint64_t left = bits(m); left != 0; left &= left - 1) *p++ = all[__builtin_ctzll(left)];
  }
};

#include "fracbit/framework/kernels/residual/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::residual
