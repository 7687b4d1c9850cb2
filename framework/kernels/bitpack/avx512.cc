#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitpack/bitpack.h"

namespace fracbit::kernels::bitpack {
namespace {

/// Compares give bits, and bits are masks.
struct Lanes {
  using Values = __m512;
  static constexpr int kCount = 16, kCodes = 32;

  static uint64_t at_least(const real* values, real threshold) {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(values), splat(threshold), _CMP_GE_OQ);
  }
  static uint64_t bits(const uint16_t* codes, int p) {
    const __m512i bit = _mm512_set1_epi16(static_cast<short>(1 << p));
    return _mm512_test_epi16_mask(_mm512_loadu_si512(codes), bit);
  }
  static Values splat(real a) { return _mm512_set1_ps(a); }
  static void store(Values value, real* out) { _mm512_storeu_ps(out, value); }
  static Values add_where(Values value, uint64_t bits, real a) {
    return _mm512_mask_add_ps(value, static_cast<__mmask16>(bits), value, splat(a));
  }
  static Values add_signed(Values value, uint64_t mask, uint64_t sign, real a) {
    const Values change = _mm512_mask_blend_ps(static_cast<__mmask16>(sign), splat(-a), splat(a));
    return _mm512_mask_add_ps(value, static_cast<__mmask16>(mask), value, change);
  }
};

#include "fracbit/framework/kernels/bitpack/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::bitpack
