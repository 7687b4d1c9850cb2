#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_avx2.inc.h"

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
  static uint64_t above(Block a, const T* step) {
    return Wide::bits(Wide::greater(a, Wide::load(step)));
  }
  static uint64_t below(Block a, const T* step) {
    return Wide::bits(Wide::greater(Wide::load(step), a));
  }
};

#include "fracbit/framework/kernels/norm/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::norm
