#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"

/// Eight channels; a mask is all ones in the lanes that hold. Integers are widened when loaded.
struct Wide {
  static constexpr int kCount = 8;
  using Real = __m256;
  using Mask = __m256;

  static Real splat(float a) { return _mm256_set1_ps(a); }
  static __m256i load(const int16_t* p) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static __m256i load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Real load(const float* p) { return _mm256_loadu_ps(p); }
  static Real to_real(__m256i v) { return _mm256_cvtepi32_ps(v); }
  static Real to_real(Real v) { return v; }
  static __m128i low(__m256i v) { return _mm256_castsi256_si128(v); }
  static __m128i high(__m256i v) { return _mm256_extracti128_si256(v, 1); }
  static void store(Real v, float* p) { _mm256_storeu_ps(p, v); }
  static void store(__m256i v, int32_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  static void store(__m256i v, int16_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(low(v), high(v)));
  }
  static void store(__m256i v, uint16_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi32(low(v), high(v)));
  }
  static void store(__m256i v, uint8_t* p) {
    const __m128i words = _mm_packus_epi32(low(v), high(v));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
  }
  static void add_to(Real v, double* sum) {
    const __m256d first = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
    const __m256d second = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    _mm256_storeu_pd(sum, _mm256_loadu_pd(sum) + first);
    _mm256_storeu_pd(sum + 4, _mm256_loadu_pd(sum + 4) + second);
  }

  static Mask greater(__m256i a, __m256i b) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b));
  }
  static Mask greater(Real a, Real b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
  static Mask at_least(Real a, Real b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
  static Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
  static Mask without(Mask a, Mask b) { return _mm256_andnot_ps(b, a); }
  static Mask neither(Mask a, Mask b) {
    const Mask all = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    return _mm256_andnot_ps(_mm256_or_ps(a, b), all);
  }
  static Real select(Mask m, Real a, Real b) { return _mm256_blendv_ps(b, a, m); }
  static __m256i select(Mask m, __m256i a, __m256i b) {
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(m));
  }
  static Real keep(Mask m, Real a) { return _mm256_and_ps(m, a); }
  static Real negate_where(Mask m, Real a) {
    return _mm256_xor_ps(a, _mm256_and_ps(m, _mm256_set1_ps(-0.0f)));
  }
  static __m256i negate_where(Mask m, __m256i a) {
    const __m256i ones = _mm256_castps_si256(m);
    return _mm256_sub_epi32(_mm256_xor_si256(a, ones), ones);
  }
  static Real abs(Real a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  // The instructions give their second operand where the numbers are equal or one is NaN.
  static Real raise(Real a, Real b) { return _mm256_max_ps(a, b); }
  static Real lower(Real a, Real b) { return _mm256_min_ps(a, b); }
  static Real larger(Real a, Real b) { return _mm256_max_ps(b, a); }
  static __m256i larger(__m256i a, __m256i b) { return _mm256_max_epi32(a, b); }
  /// The largest number below 1/2 takes v to the next whole number exactly where v + 1/2 does.
  static __m256i round(Real v, Real top) {
    v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), top);
    return _mm256_cvttps_epi32(v + _mm256_set1_ps(0x1.fffffep-2f));
  }
  static float largest(Real v) {
    float lanes[kCount];
    store(v, lanes);
    float most = lanes[0];
    for (int i = 1; i < kCount; ++i) most = lanes[i] > most ? lanes[i] : most;
    return most;
  }
};

template <class T>
struct Compare;

/// Two vectors, so that their compares pack into the bytes of one.
template <>
struct Compare<int16_t> {
  static constexpr int kCount = 32;
  struct Pair {
    __m256i low, high;
  };

  /// -1 in channels with scale < 0, else 1.
  static __m256i flip_half(const float* scale) {
    const __m256i a = _mm256_castps_si256(Wide::greater(Wide::splat(0), Wide::load(scale)));
    const __m256i b = _mm256_castps_si256(Wide::greater(Wide::splat(0), Wide::load(scale + 8)));
    const __m256i negative = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
    return _mm256_or_si256(negative, _mm256_set1_epi16(1));
  }
  static Pair flip(const float* scale) { return {flip_half(scale), flip_half(scale + 16)}; }
  static Pair read(const int16_t* p) {
    const __m256i* from = reinterpret_cast<const __m256i*>(p);
    return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
  }
  static Pair load(const int16_t* d, Pair flip) {
    const Pair a = read(d);
    return {_mm256_sign_epi16(a.low, flip.low), _mm256_sign_epi16(a.high, flip.high)};
  }
  static Pair larger(Pair a, Pair b) {
    return {_mm256_max_epi16(a.low, b.low), _mm256_max_epi16(a.high, b.high)};
  }
  static uint64_t greater(Pair a, Pair b) {
    const __m256i bytes =
        _mm256_packs_epi16(_mm256_cmpgt_epi16(a.low, b.low), _mm256_cmpgt_epi16(a.high, b.high));
    return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, 0xD8)));
  }
  static uint64_t above(Pair a, const int16_t* step) { return greater(a, read(step)); }
  static uint64_t below(Pair a, const int16_t* step) { return greater(read(step), a); }
};

/// Of eight 32-bit numbers.
template <class T>
struct Compare {
  static constexpr int kCount = 8;
  using Block = decltype(Wide::load(static_cast<const T*>(nullptr)));

  static __m256 flip(const float* scale) {
    return Wide::greater(Wide::splat(0), Wide::load(scale));
  }
  static Block load(const T* d, __m256 flip) { return Wide::negate_where(flip, Wide::load(d)); }
  static Block larger(Block a, Block b) { return Wide::larger(a, b); }
  static uint64_t bits(__m256 mask) { return static_cast<uint32_t>(_mm256_movemask_ps(mask)); }
  static uint64_t above(Block a, const T* step) { return bits(Wide::greater(a, Wide::load(step))); }
  static uint64_t below(Block a, const T* step) { return bits(Wide::greater(Wide::load(step), a)); }
};

/// Four blocks of Philox4x32-10, a word to each 64-bit lane; only the low halves count. The lanes
/// hold blocks 0 2 1 3, which is how their words interleave at the end.
struct PhiloxLanes {
  static constexpr int64_t kBlocks = 4;

  PhiloxLanes(const Philox& philox, uint32_t first) {
    word[0] = _mm256_add_epi64(_mm256_setr_epi64x(0, 2, 1, 3), _mm256_set1_epi64x(first));
    for (int i = 1; i < 4; ++i) word[i] = _mm256_set1_epi64x(philox.counter[i]);
  }
  void round(uint32_t key0, uint32_t key1) {
    const __m256i p0 = _mm256_mul_epu32(word[0], _mm256_set1_epi64x(0xD2511F53));
    const __m256i p1 = _mm256_mul_epu32(word[2], _mm256_set1_epi64x(0xCD9E8D57));
    const __m256i k0 = _mm256_set1_epi32(static_cast<int>(key0));
    const __m256i k1 = _mm256_set1_epi32(static_cast<int>(key1));
    word[0] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), word[1]), k0);
    word[2] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), word[3]), k1);
    word[1] = p1;
    word[3] = p0;
  }
  /// The words of lane i as 64 bits each: a in the low half, b in the high half.
  static __m256i join(__m256i a, __m256i b) {
    return _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xAA);
  }
  /// (w >> 8) 2^-24 + 2^-25 - 1/2: both steps are exact.
  static void store(__m256i words, float* sigma) {
    const __m256 u = _mm256_cvtepi32_ps(_mm256_srli_epi32(words, 8));
    _mm256_storeu_ps(sigma, u * _mm256_set1_ps(0x1p-24f) + _mm256_set1_ps(0x1p-25f - 0.5f));
  }
  void store(float* sigma) const {
    const __m256i low = join(word[0], word[1]), high = join(word[2], word[3]);
    store(_mm256_unpacklo_epi64(low, high), sigma);
    store(_mm256_unpackhi_epi64(low, high), sigma + 8);
  }

  __m256i word[4];
};

#include "fracbit/framework/kernels/norm/loops.inc.h"
//
#include "fracbit/framework/kernels/norm/philox.inc.h"

/// Sums of channels 0 .. 15 of a run, in the order in which pairs of pixels interleave.
struct PairSums {
  static constexpr int kChannels = 16;

  static __m256i load(const int16_t* d) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(d));
  }
  static __m256i zero() { return _mm256_setzero_si256(); }
  void add(__m256i a, __m256i b) {
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i low = _mm256_unpacklo_epi16(a, b), high = _mm256_unpackhi_epi16(a, b);
    sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(low, ones));
    sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(high, ones));
    square[0] = _mm256_add_epi32(square[0], _mm256_madd_epi16(low, low));
    square[1] = _mm256_add_epi32(square[1], _mm256_madd_epi16(high, high));
  }
  /// into[c] += sums of channel c.
  template <bool kSigned>
  static void flush(__m256i (&of)[2], int64_t* into) {
    const __m256i channels[2] = {_mm256_permute2x128_si256(of[0], of[1], 0x20),
                                 _mm256_permute2x128_si256(of[0], of[1], 0x31)};
    for (int i = 0; i < 4; ++i) {
      const __m256i eight = channels[i / 2];
      const __m128i half = i % 2 == 0 ? Wide::low(eight) : Wide::high(eight);
      const __m256i wide = kSigned ? _mm256_cvtepi32_epi64(half) : _mm256_cvtepu32_epi64(half);
      __m256i* to = reinterpret_cast<__m256i*>(into + 4 * i);
      _mm256_storeu_si256(to, _mm256_add_epi64(_mm256_loadu_si256(to), wide));
    }
    of[0] = of[1] = zero();
  }

  __m256i sum[2] = {zero(), zero()};
  __m256i square[2] = {zero(), zero()};
};

#include "fracbit/framework/kernels/norm/pair_sums.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_vector_kernels("avx2");

}  // namespace fracbit::kernels::norm
