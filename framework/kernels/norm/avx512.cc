#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_avx512.inc.h"

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

#include "fracbit/framework/kernels/norm/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::norm
