#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit::kernels::residual {
namespace {

struct Lanes {
  using Reals = __m512;
  using Mask = __mmask16;
  struct Wide {
    __m512d low, high;
  };
  static constexpr int kCount = 16;

  static Reals load(const real* p) { return _mm512_loadu_ps(p); }
  static void store(real* p, Reals v) { _mm512_storeu_ps(p, v); }
  static Reals splat(real a) { return _mm512_set1_ps(a); }
  static Reals magnitude(Reals v) { return _mm512_abs_ps(v); }
  static Reals sub(Reals a, Reals b) { return _mm512_sub_ps(a, b); }
  static Mask at_least(Reals a, Reals b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
  static Mask above(Reals a, Reals b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
  static Mask below(Reals a, Reals b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static Mask wider(const uint8_t* p, int n) {
    return _mm_cmpgt_epu8_mask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)),
                               _mm_set1_epi8(static_cast<char>(n)));
  }
  static Mask all() { return 0xffff; }
  static Mask first(int n) { return static_cast<Mask>((1u << n) - 1); }
  static Mask both(Mask a, Mask b) { return static_cast<Mask>(a & b); }
  static uint64_t bits(Mask m) { return m; }
  static int64_t ones(Mask m) { return _mm_popcnt_u32(m); }
  static Reals choose(Mask m, Reals a, Reals b) { return _mm512_mask_blend_ps(m, b, a); }
  static Reals add_where(Mask m, Reals v, Reals a) { return _mm512_mask_add_ps(v, m, v, a); }
  static Reals keep(Mask m, Reals v) { return _mm512_maskz_mov_ps(m, v); }
  static Wide none() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  static void accumulate(Wide& sum, Reals v) {
    sum.low = _mm512_add_pd(sum.low, _mm512_cvtps_pd(_mm512_castps512_ps256(v)));
    sum.high = _mm512_add_pd(sum.high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)));
  }
  static void spill(Wide sum, double* to) {
    _mm512_storeu_pd(to, sum.low);
    _mm512_storeu_pd(to + 8, sum.high);
  }
  static void store_bytes(int8_t* p, Reals v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
  }
  static void store_words(int16_t* p, Reals v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(v)));
  }
  static void store_bins(uint16_t* p, Reals key) {
    const __m512i bin = _mm512_srli_epi32(_mm512_castps_si512(key), 31 - kBinBits);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(bin));
  }
  static void append(real* p, Reals v, Mask m) {
    _mm512_storeu_ps(p, _mm512_maskz_compress_ps(m, v));
  }
};

#include "fracbit/framework/kernels/residual/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::residual
