#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

/// Four lanes. AVX2 has no vector popcount: two lookups of four bits, then a sum of bytes.
struct Lanes {
  using Word = __m256i;
  static constexpr int kCount = 4, kVectors = 2, kCodePixels = 3, kMaskPixels = 2, kUnroll = 1;

  static Word load(const uint64_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Word broadcast(const uint64_t* p) {
    return _mm256_set1_epi64x(static_cast<long long>(*p));
  }
  static Word zero() { return _mm256_setzero_si256(); }
  static Word add(Word a, Word b) { return _mm256_add_epi64(a, b); }
  static Word sub(Word a, Word b) { return _mm256_sub_epi64(a, b); }
  static Word op_and(Word a, Word b) { return _mm256_and_si256(a, b); }
  static Word op_xor(Word a, Word b) { return _mm256_xor_si256(a, b); }
  static Word op_xor_and(Word a, Word b, Word mask) { return op_and(op_xor(a, b), mask); }
  static Word popcount(Word a) {
    const Word table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const Word four = _mm256_set1_epi8(15);
    const Word low = _mm256_shuffle_epi8(table, op_and(a, four));
    const Word high = _mm256_shuffle_epi8(table, op_and(_mm256_srli_epi16(a, 4), four));
    return _mm256_sad_epu8(_mm256_add_epi8(low, high), zero());
  }
  static int32_t popcount_word(uint64_t word) { return static_cast<int32_t>(_mm_popcnt_u64(word)); }
  using Sums = __m256i;
  static Sums narrow(const Word (&words)[kVectors]) {
    const __m256 both =
        _mm256_shuffle_ps(_mm256_castsi256_ps(words[0]), _mm256_castsi256_ps(words[1]), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(both), 0xd8);
  }
  static Sums sums_splat(int32_t a) { return _mm256_set1_epi32(a); }
  static Sums sums_add(Sums a, Sums b) { return _mm256_add_epi32(a, b); }
  static Sums sums_mul(Sums a, Sums b) { return _mm256_mullo_epi32(a, b); }
  static Sums sums_load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void sums_store(Sums a, int32_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
  }
  static void sums_store_narrow(Sums a, int16_t* p) {
    // The low halves of each 128 bits, then both of them side by side.
    const __m256i low = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1,
                                         0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(a, low), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(halves));
  }
};

#include "fracbit/framework/kernels/bitgemm/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::bitgemm
