#include <cstdint>

#include "fracbit/framework/kernels/limits/limits.h"

namespace fracbit::kernels::limits {
namespace {

#include "fracbit/framework/kernels/limits/unroll.inc.h"

/// Vectors of 16 bytes as the compiler knows them, with its baseline instructions.
struct Lanes {
  using Reals = real __attribute__((vector_size(16)));
  using Ints = uint64_t;
  static constexpr int kReals = 16 / sizeof(real), kRealSums = 12, kInts = 1, kBitPixels = 2;
  static constexpr int kBitSteps = 1, kByteSums = 4, kByteMacs = 4;

  static Reals splat(real a) { return a - Reals{}; }
  static Reals fused(Reals a, Reals b, Reals c) { return a * b + c; }
  static real first(Reals a) { return a[0]; }
  static Ints zero() { return 0; }
  static Ints load(const uint64_t* p) { return *p; }
  static Ints broadcast(const uint64_t* p) { return *p; }
  static void store(Ints a, uint64_t* p) { *p = a; }
  static Ints add(Ints a, Ints b) { return a + b; }
  /// Counts of 2, then 4, then 8 neighbouring bits, then the sum of the bytes.
  static Ints count(Ints counts, Ints x, Ints w) {
    Ints a = x ^ w;
    a -= (a >> 1) & 0x5555555555555555u;
    a = (a & 0x3333333333333333u) + ((a >> 2) & 0x3333333333333333u);
    a = (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return counts + ((a * 0x0101010101010101u) >> 56);
  }
  static Ints widened(Ints counts) { return counts; }
  /// One product after the other.
  static Ints dot(Ints sum, Ints x, Ints w) {
    asm volatile("" : "+r"(w));  // not the same product each time
    FRACBIT_UNROLL
    for (int j = 0; j < 4; ++j) {
      sum += static_cast<uint64_t>(static_cast<uint8_t>(x >> (8 * j)) *
                                   static_cast<int8_t>(w >> (8 * j)));
    }
    return sum;
  }
};

#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar", {});

}  // namespace fracbit::kernels::limits
