#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/limits/limits.h"

namespace fracbit::kernels::limits {
namespace {

#include "fracbit/framework/kernels/limits/unroll.inc.h"

/// AVX2 has no vector popcount: two lookups of four bits, bytes that are added up now and then.
struct Lanes {
  using Reals = __m256;
  using Ints = __m256i;
  static constexpr int kReals = 8, kRealSums = 12, kInts = 4, kBitPixels = 2, kBitSteps = 16;
  static constexpr int kByteSums = 8, kByteMacs = 32;

  static Reals splat(real a) { return _mm256_set1_ps(a); }
  static Reals fused(Reals a, Reals b, Reals c) { return _mm256_fmadd_ps(a, b, c); }
  static real first(Reals a) { return _mm256_cvtss_f32(a); }
  static Ints zero() { return _mm256_setzero_si256(); }
  static Ints load(const uint64_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Ints broadcast(const uint64_t* p) {
    return _mm256_set1_epi64x(static_cast<long long>(*p));
  }
  static void store(Ints a, uint64_t* p) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a); }
  static Ints add(Ints a, Ints b) { return _mm256_add_epi64(a, b); }
  static Ints count(Ints counts, Ints x, Ints w) {
    const Ints table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const Ints four = _mm256_set1_epi8(15), a = _mm256_xor_si256(x, w);
    const Ints low = _mm256_shuffle_epi8(table, _mm256_and_si256(a, four));
    const Ints high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(a, 4), four));
    return _mm256_add_epi8(counts, _mm256_add_epi8(low, high));
  }
  static Ints widened(Ints counts) { return _mm256_sad_epu8(counts, zero()); }
  /// Pairs of bytes, pairs of pairs, and the sum.
  static Ints dot(Ints sum, Ints x, Ints w) {
    asm volatile("" : "+x"(w));  // not the same product each time
    const Ints pairs = _mm256_maddubs_epi16(x, w);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static Ints look(Ints sum, Ints entries) {
    const Ints looked = _mm256_shuffle_epi8(entries, sum);
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(looked, _mm256_set1_epi8(1)));
  }
};

#include "fracbit/framework/kernels/limits/table.inc.h"
//
#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2", kTable);

}  // namespace fracbit::kernels::limits
