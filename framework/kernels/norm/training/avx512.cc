#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::kernels::norm::training {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_avx512.inc.h"

/// Eight blocks of Philox4x32-10, a word to each 64-bit lane; only the low halves count. The lanes
/// hold blocks 0 4 1 5 2 6 3 7, which is how their words interleave at the end.
struct PhiloxLanes {
  static constexpr int64_t kBlocks = 8;
  static constexpr int kChains = 4;

  using Key = __m512i;

  static Key key(uint32_t k) { return _mm512_set1_epi32(static_cast<int>(k)); }
  PhiloxLanes() = default;
  PhiloxLanes(const Philox& philox, uint32_t first) {
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    word[0] = _mm512_add_epi64(order, _mm512_set1_epi64(first));
    for (int i = 1; i < 4; ++i) word[i] = _mm512_set1_epi64(philox.counter[i]);
  }
  void round(Key k0, Key k1) {
    constexpr int kXor3 = 0x96;
    const __m512i p0 = _mm512_mul_epu32(word[0], _mm512_set1_epi64(0xD2511F53));
    const __m512i p1 = _mm512_mul_epu32(word[2], _mm512_set1_epi64(0xCD9E8D57));
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

#include "fracbit/framework/kernels/norm/training/loops.inc.h"
//
#include "fracbit/framework/kernels/norm/training/philox.inc.h"

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

#include "fracbit/framework/kernels/norm/training/pair_sums.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_vector_kernels("avx512");

}  // namespace fracbit::kernels::norm::training
