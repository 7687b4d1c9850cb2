#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

/// Eight lanes with VPOPCNTDQ.
struct Lanes {
  using Word = __m512i;
  static constexpr int kCount = 8, kVectors = 2, kCodePixels = 8, kMaskPixels = 4, kUnroll = 2;

  static Word load(const uint64_t* p) { return _mm512_loadu_si512(p); }
  static Word broadcast(const uint64_t* p) { return _mm512_set1_epi64(static_cast<long long>(*p)); }
  static Word zero() { return _mm512_setzero_si512(); }
  static Word add(Word a, Word b) { return _mm512_add_epi64(a, b); }
  static Word sub(Word a, Word b) { return _mm512_sub_epi64(a, b); }
  static Word op_and(Word a, Word b) { return _mm512_and_si512(a, b); }
  static Word op_xor(Word a, Word b) { return _mm512_xor_si512(a, b); }
  static Word op_xor_and(Word a, Word b, Word mask) {
    return _mm512_ternarylogic_epi64(a, b, mask, 0x28);
  }
  static Word popcount(Word a) { return _mm512_popcnt_epi64(a); }
  static int32_t popcount_word(uint64_t word) { return static_cast<int32_t>(_mm_popcnt_u64(word)); }
  using Sums = __m512i;
  static Sums narrow(const Word (&words)[kVectors]) {
    const Word even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(words[0], even, words[1]);
  }
  static Sums sums_splat(int32_t a) { return _mm512_set1_epi32(a); }
  static Sums sums_add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static Sums sums_mul(Sums a, Sums b) { return _mm512_mullo_epi32(a, b); }
  static Sums sums_load(const int32_t* p) { return _mm512_loadu_si512(p); }
  static void sums_store(Sums a, int32_t* p) { _mm512_storeu_si512(p, a); }
  static void sums_store_narrow(Sums a, int16_t* p) {
    const __m512i even = _mm512_castsi256_si512(
        _mm256_setr_epi16(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_castsi512_si256(_mm512_permutexvar_epi16(even, a)));
  }
};

#include "fracbit/framework/kernels/bitgemm/loops.inc.h"

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = make_kernels("avx512vp");

}  // namespace fracbit::kernels::bitgemm
