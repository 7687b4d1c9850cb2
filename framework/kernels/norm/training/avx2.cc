#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::kernels::norm::training {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_avx2.inc.h"

/// Four blocks of Philox4x32-10, a word to each 64-bit lane; only the low halves count. The lanes
/// hold blocks 0 2 1 3, which is how their words interleave at the end.
struct PhiloxLanes {
  static constexpr int64_t kBlocks = 4;
  static constexpr int kChains = 4;

  using Key = __m256i;

  static Key key(uint32_t k) { return _mm256_set1_epi32(static_cast<int>(k)); }
  PhiloxLanes() = default;
  PhiloxLanes(const Philox& philox, uint32_t first) {
    word[0] = _mm256_add_epi64(_mm256_setr_epi64x(0, 2, 1, 3), _mm256_set1_epi64x(first));
    for (int i = 1; i < 4; ++i) word[i] = _mm256_set1_epi64x(philox.counter[i]);
  }
  void round(Key k0, Key k1) {
    const __m256i p0 = _mm256_mul_epu32(word[0], _mm256_set1_epi64x(0xD2511F53));
    const __m256i p1 = _mm256_mul_epu32(word[2], _mm256_set1_epi64x(0xCD9E8D57));
    word[0] = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(word[1], k0));
    word[2] = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(word[3], k1));
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

#include "fracbit/framework/kernels/norm/training/loops.inc.h"
//
#include "fracbit/framework/kernels/norm/training/philox.inc.h"

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

#include "fracbit/framework/kernels/norm/training/pair_sums.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_vector_kernels("avx2");

}  // namespace fracbit::kernels::norm::training
