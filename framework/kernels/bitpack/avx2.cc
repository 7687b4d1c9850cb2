#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitpack/bitpack.h"

namespace fracbit::kernels::bitpack {
namespace {

struct Lanes {
  using Values = __m256;
  static constexpr int kCount = 8, kCodes = 16;

  static uint64_t at_least(const real* values, real threshold) {
    const __m256 is = _mm256_cmp_ps(_mm256_loadu_ps(values), splat(threshold), _CMP_GE_OQ);
    return static_cast<uint32_t>(_mm256_movemask_ps(is));
  }
  /// Bit p moves to the sign of each code, and the signs, packed to bytes, are the bits.
  static uint64_t bits(const uint16_t* codes, int p) {
    const __m128i up = _mm_cvtsi32_si128(15 - p);
    const __m128i* from = reinterpret_cast<const __m128i*>(codes);
    const __m128i low = _mm_sll_epi16(_mm_loadu_si128(from), up);
    const __m128i high = _mm_sll_epi16(_mm_loadu_si128(from + 1), up);
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  }
  static Values splat(real a) { return _mm256_set1_ps(a); }
  static void store(Values value, real* out) { _mm256_storeu_ps(out, value); }
  /// All ones in the lanes whose bit is set.
  static Values spread(uint64_t bits) {
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i all = _mm256_set1_epi32(static_cast<int>(bits & 255));
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(all, lane), lane));
  }
  static Values add_where(Values value, uint64_t bits, real a) {
    return _mm256_add_ps(value, _mm256_and_ps(spread(bits), splat(a)));
  }
  static Values add_signed(Values value, uint64_t mask, uint64_t sign, real a) {
    const Values change = _mm256_blendv_ps(splat(-a), splat(a), spread(sign));
    return _mm256_add_ps(value, _mm256_and_ps(spread(mask), change));
  }
};

#include "fracbit/framework/kernels/bitpack/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::bitpack
