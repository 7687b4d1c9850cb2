#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/lookup/lookup.h"

namespace fracbit::kernels::lookup {
namespace {

struct Lanes {
  static constexpr int kCount = 8, kVectors = 2;

  using Sums = __m512i;
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

  using Bytes = __m512i;
  static constexpr int kBytes = 64, kLookupPixels = 8, kLookupPlanes = 2;
  static Bytes no_bytes() { return _mm512_setzero_si512(); }
  static Bytes load_bytes(const uint8_t* p) {
    Bytes bytes = _mm512_loadu_si512(p);
    asm("" : "+v"(bytes));  // GCC would load them again for each use
    return bytes;
  }
  static Bytes shuffle(Bytes table, Bytes index) { return _mm512_shuffle_epi8(table, index); }
  static Bytes bytes_add(Bytes a, Bytes b) { return _mm512_add_epi8(a, b); }
  static Bytes even(Bytes a) { return _mm512_and_si512(a, _mm512_set1_epi16(255)); }
  static Bytes odd(Bytes a) { return _mm512_srli_epi16(a, 8); }
  static Bytes pairs_add(Bytes a, Bytes b) { return _mm512_add_epi16(a, b); }
  static void eight(Bytes pairs, bool fresh, int32_t* counts) {
    const Sums low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(pairs));
    const Sums high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(pairs, 1));
    const Sums both = sums_add(low, high);
    const __m256i sum =
        _mm256_add_epi32(_mm512_castsi512_si256(both), _mm512_extracti64x4_epi64(both, 1));
    auto* out = reinterpret_cast<__m256i*>(counts);
    _mm256_storeu_si256(out, fresh ? sum : _mm256_add_epi32(_mm256_loadu_si256(out), sum));
  }
};

#include "fracbit/framework/kernels/lookup/loops.inc.h"

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = make_kernels("avx512");

}  // namespace fracbit::kernels::lookup
