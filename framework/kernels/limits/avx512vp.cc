#include <immintrin.h>

#include <cstdint>

#include "fracbit/framework/kernels/limits/limits.h"

namespace fracbit::kernels::limits {
namespace {

#include "fracbit/framework/kernels/limits/unroll.inc.h"

#include "fracbit/framework/kernels/limits/lanes512.inc.h"

struct Lanes : Lanes512 {
  static constexpr int kBitPixels = 8, kBitSteps = 1, kByteMacs = 64;

  static Ints count(Ints counts, Ints x, Ints w) {
    return _mm512_add_epi64(counts, _mm512_popcnt_epi64(_mm512_xor_si512(x, w)));
  }
  static Ints widened(Ints counts) { return counts; }
  /// In assembly: GCC 12 copies accumulators around the intrinsic.
  static Ints dot(Ints sum, Ints x, Ints w) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
  }
};

/// A lookup gives 64 bytes, each the sum of 4 products; the dot product adds 4 such bytes.
constexpr int kLooks = 12;

void table(const uint64_t* data, int64_t rounds, uint64_t* sink) noexcept {
  __m512i sums[kLooks];
  FRACBIT_UNROLL
  for (int i = 0; i < kLooks; ++i) sums[i] = Lanes::zero();
  const __m512i entries = Lanes::load(data), ones = _mm512_set1_epi8(1);
  for (int64_t r = 0; r < rounds; ++r) {
    FRACBIT_UNROLL
    for (int i = 0; i < kLooks; ++i) {
      sums[i] = Lanes::dot(sums[i], _mm512_permutexvar_epi8(sums[i], entries), ones);
    }
  }
  __m512i total = Lanes::zero();
  FRACBIT_UNROLL
  for (int i = 0; i < kLooks; ++i) total = Lanes::add(total, sums[i]);
  Lanes::store(total, sink);
}

#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = make_kernels("avx512vp", {kLooks * 256, table});

}  // namespace fracbit::kernels::limits
