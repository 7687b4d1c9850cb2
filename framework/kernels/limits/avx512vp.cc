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
  static Ints look(Ints sum, Ints entries) {
    return dot(sum, _mm512_permutexvar_epi8(sum, entries), _mm512_set1_epi8(1));
  }
};

#include "fracbit/framework/kernels/limits/table.inc.h"
//
#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kAvx512Vp;
const Kernels kAvx512Vp = make_kernels("avx512vp", kTable);

}  // namespace fracbit::kernels::limits
