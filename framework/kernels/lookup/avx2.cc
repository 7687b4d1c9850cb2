#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/lookup/lookup.h"

namespace fracbit::kernels::lookup {
namespace {

struct Lanes {
  static constexpr int kCount = 4, kVectors = 2;

  using Sums = __m256i;
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

  using Bytes = __m256i;
  static constexpr int kBytes = 32, kLookupPixels = 5, kLookupPlanes = 1;
  static Bytes no_bytes() { return _mm256_setzero_si256(); }
  static Bytes load_bytes(const uint8_t* p) {
    Bytes bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    asm("" : "+x"(bytes));  // GCC would load them again for each use
    return bytes;
  }
  static Bytes shuffle(Bytes table, Bytes index) { return _mm256_shuffle_epi8(table, index); }
  static Bytes bytes_add(Bytes a, Bytes b) { return _mm256_add_epi8(a, b); }
  static Bytes even(Bytes a) { return _mm256_and_si256(a, _mm256_set1_epi16(255)); }
  static Bytes odd(Bytes a) { return _mm256_srli_epi16(a, 8); }
  static Bytes pairs_add(Bytes a, Bytes b) { return _mm256_add_epi16(a, b); }
  static void eight(Bytes pairs, bool fresh, int32_t* counts) {
    const Sums low = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(pairs));
    const Sums high = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(pairs, 1));
    const Sums sum = sums_add(low, high);
    sums_store(fresh ? sum : sums_add(sums_load(counts), sum), counts);
  }
};

#include "fracbit/framework/kernels/lookup/loops.inc.h"

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = make_kernels("avx2");

}  // namespace fracbit::kernels::lookup
