#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"

/// Sixteen channels; compares give mask registers.
struct Wide {
  static constexpr int kCount = 16;
  using Real = __m512;
  using Mask = __mmask16;

  static Real splat(float a) { return _mm512_set1_ps(a); }
  static __m256i load(const int16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static __m512i load(const int32_t* p) { return _mm512_loadu_si512(p); }
  static Real load(const float* p) { return _mm512_loadu_ps(p); }
  static Real to_real(__m256i v) { return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(v)); }
  static Real to_real(__m512i v) { return _mm512_cvtepi32_ps(v); }
  static Real to_real(Real v) { return v; }
  static void store(Real v, float* p) { _mm512_storeu_ps(p, v); }
  static void store(__m256i v, int16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  static void store(__m512i v, uint16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  static void store(__m512i v, int32_t* p) { _mm512_storeu_si512(p, v); }
  static void store(__m512i v, uint8_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }
  static void add_to(Real v, double* sum) {
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    _mm512_storeu_pd(sum, _mm512_loadu_pd(sum) + low);
    _mm512_storeu_pd(sum + 8, _mm512_loadu_pd(sum + 8) + high);
  }

  static Mask greater(__m256i a, __m256i b) { return _mm256_cmpgt_epi16_mask(a, b); }
  static Mask greater(__m512i a, __m512i b) { return _mm512_cmpgt_epi32_mask(a, b); }
  static Mask greater(Real a, Real b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
  static Mask at_least(Real a, Real b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
  static Mask both(Mask a, Mask b) { return _kand_mask16(a, b); }
  static Mask without(Mask a, Mask b) { return _kandn_mask16(b, a); }
  static Mask neither(Mask a, Mask b) { return _knot_mask16(_kor_mask16(a, b)); }
  static __m256i select(Mask m, __m256i a, __m256i b) { return _mm256_mask_blend_epi16(m, b, a); }
  static __m512i select(Mask m, __m512i a, __m512i b) { return _mm512_mask_blend_epi32(m, b, a); }
  static Real select(Mask m, Real a, Real b) { return _mm512_mask_blend_ps(m, b, a); }
  static Real keep(Mask m, Real a) { return _mm512_maskz_mov_ps(m, a); }
  static __m256i negate_where(Mask m, __m256i a) {
    return _mm256_mask_sub_epi16(a, m, _mm256_setzero_si256(), a);
  }
  static __m512i negate_where(Mask m, __m512i a) {
    return _mm512_mask_sub_epi32(a, m, _mm512_setzero_si512(), a);
  }
  static Real negate_where(Mask m, Real a) {
    return _mm512_mask_xor_ps(a, m, a, _mm512_set1_ps(-0.0f));
  }
  static Real abs(Real a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
  // The instructions give their second operand where the numbers are equal or one is NaN.
  static Real raise(Real a, Real b) { return _mm512_max_ps(a, b); }
  static Real lower(Real a, Real b) { return _mm512_min_ps(a, b); }
  static Real larger(Real a, Real b) { return _mm512_max_ps(b, a); }
  static __m256i larger(__m256i a, __m256i b) { return _mm256_max_epi16(a, b); }
  static __m512i larger(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
  /// The largest number below 1/2 takes v to the next whole number exactly where v + 1/2 does.
  static __m512i round(Real v, Real top) {
    v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), top);
    return _mm512_cvttps_epi32(v + _mm512_set1_ps(0x1.fffffep-2f));
  }
  static float largest(Real v) { return _mm512_reduce_max_ps(v); }
};

template <class T>
struct Compare;

template <>
struct Compare<int16_t> {
  static constexpr int kCount = 32;
  static __mmask32 flip(const float* scale) {
    const __mmask32 low = Wide::greater(Wide::splat(0), Wide::load(scale));
    const __mmask32 high = Wide::greater(Wide::splat(0), Wide::load(scale + 16));
    return low | high << 16;
  }
  static __m512i load(const int16_t* d, __mmask32 flip) {
    const __m512i a = _mm512_loadu_si512(d);
    return _mm512_mask_sub_epi16(a, flip, _mm512_setzero_si512(), a);
  }
  static __m512i larger(__m512i a, __m512i b) { return _mm512_max_epi16(a, b); }
  static uint64_t above(__m512i a, const int16_t* step) {
    return _mm512_cmpgt_epi16_mask(a, _mm512_loadu_si512(step));
  }
  static uint64_t below(__m512i a, const int16_t* step) {
    return _mm512_cmplt_epi16_mask(a, _mm512_loadu_si512(step));
  }
};

/// Of sixteen 32-bit numbers.
template <class T>
struct Compare {
  static constexpr int kCount = 16;
  using Block = decltype(Wide::load(static_cast<const T*>(nullptr)));

  static __mmask16 flip(const float* scale) {
    return Wide::greater(Wide::splat(0), Wide::load(scale));
  }
  static Block load(const T* d, __mmask16 flip) { return Wide::negate_where(flip, Wide::load(d)); }
  static Block larger(Block a, Block b) { return Wide::larger(a, b); }
  static uint64_t above(Block a, const T* step) { return Wide::greater(a, Wide::load(step)); }
  static uint64_t below(Block a, const T* step) { return Wide::greater(Wide::load(step), a); }
};

/// Eight blocks of Philox4x32-10, a word to each 64-bit lane; only the low halves count. The lanes
/// hold blocks 0 4 1 5 2 6 3 7, which is how their words interleave at the end.
struct PhiloxLanes {
  static constexpr int64_t kBlocks = 8;

  PhiloxLanes(const Philox& philox, uint32_t first) {
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    word[0] = _mm512_add_epi64(order, _mm512_set1_epi64(first));
    for (int i = 1; i < 4; ++i) word[i] = _mm512_set1_epi64(philox.counter[i]);
  }
  void round(uint32_t key0, uint32_t key1) {
    constexpr int kXor3 = 0x96;
    const __m512i p0 = _mm512_mul_epu32(word[0], _mm512_set1_epi64(0xD2511F53));
    const __m512i p1 = _mm512_mul_epu32(word[2], _mm512_set1_epi64(0xCD9E8D57));
    const __m512i k0 = _mm512_set1_epi32(static_cast<int>(key0));
    const __m512i k1 = _mm512_set1_epi32(static_cast<int>(key1));
    word[0] = _mm512_ternarylogic_epi32(_mm512_srli_epi64(p1, 32), word[1], k0, kXor3);
    word[2] = _mm512_ternarylogic_epi32(_mm512_srli_epi64(p0, 32), word[3], k1, kXor3);
    word[1] = p1;
    word[3] = p0;
  }
  /// The words of lane i as 64 bits each: a in the low half, b in the high half.
  static __m512i join(__m512i a, __m512i b) {
    return _mm512_mask_shuffle_epi32(a, 0xAAAA, b, static_cast<_MM_PERM_ENUM>(0xA0));
  }
  /// (w >> 8) 2^-24 + 2^-25 - 1/2: both steps are exact.
  static void store(__m512i words, float* sigma) {
    const __m512 u = _mm512_cvtepi32_ps(_mm512_srli_epi32(words, 8));
    const __m512 middle = _mm512_set1_ps(0x1p-25f - 0.5f);
    _mm512_storeu_ps(sigma, _mm512_fmadd_ps(u, _mm512_set1_ps(0x1p-24f), middle));
  }
  void store(float* sigma) const {
    const __m512i low = join(word[0], word[1]), high = join(word[2], word[3]);
    store(_mm512_unpacklo_epi64(low, high), sigma);
    store(_mm512_unpackhi_epi64(low, high), sigma + 16);
  }

  __m512i word[4];
};

#include "fracbit/framework/kernels/norm/loops.inc.h"
//
#include "fracbit/framework/kernels/norm/philox.inc.h"

/// Sums of channels 0 .. 31 of a run, in the order in which pairs of pixels interleave.
struct PairSums {
  static constexpr int kChannels = 32;
  static __m512i load(const int16_t* d) { return _mm512_loadu_si512(d); }
  static __m512i zero() { return _mm512_setzero_si512(); }

  void add(__m512i a, __m512i b) {
    const __m512i ones = _mm512_set1_epi16(1);
    const __m512i low = _mm512_unpacklo_epi16(a, b), high = _mm512_unpackhi_epi16(a, b);
    sum[0] = _mm512_add_epi32(sum[0], _mm512_madd_epi16(low, ones));
    sum[1] = _mm512_add_epi32(sum[1], _mm512_madd_epi16(high, ones));
    square[0] = _mm512_add_epi32(square[0], _mm512_madd_epi16(low, low));
    square[1] = _mm512_add_epi32(square[1], _mm512_madd_epi16(high, high));
  }
  /// into[c] += sums of channel c.
  template <bool kSigned>
  static void flush(__m512i (&of)[2], int64_t* into) {
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    const __m512i channels[2] = {_mm512_permutex2var_epi32(of[0], first, of[1]),
                                 _mm512_permutex2var_epi32(of[0], second, of[1])};
    for (int i = 0; i < 4; ++i) {
      const __m256i eight = _mm512_extracti64x4_epi64(channels[i / 2], 1);
      const __m256i half = i % 2 == 0 ? _mm512_castsi512_si256(channels[i / 2]) : eight;
      const __m512i wide = kSigned ? _mm512_cvtepi32_epi64(half) : _mm512_cvtepu32_epi64(half);
      int64_t* to = into + 8 * i;
      _mm512_storeu_si512(to, _mm512_add_epi64(_mm512_loadu_si512(to), wide));
    }
    of[0] = of[1] = zero();
  }

  __m512i sum[2] = {zero(), zero()};
  __m512i square[2] = {zero(), zero()};
};

#include "fracbit/framework/kernels/norm/pair_sums.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_vector_kernels("avx512");

}  // namespace fracbit::kernels::norm
