#include <cstdint>

#include "fracbit/framework/kernels/bitpack/bitpack.h"

namespace fracbit::kernels::bitpack {
namespace {

struct Lanes {
  using Values = real;
  static constexpr int kCount = 1, kCodes = 1;

  static uint64_t at_least(const real* values, real threshold) { return *values >= threshold; }
  static uint64_t bits(const uint16_t* codes, int p) { return (*codes >> p) & 1u; }
  static Values splat(real a) { return a; }
  static void store(Values value, real* out) { *out = value; }
  static Values add_where(Values value, uint64_t bits, real a) {
    return value + (bits & 1 ? a : 0);
  }
  static Values add_signed(Values value, uint64_t mask, uint64_t sign, real a) {
    return value + (mask & 1 ? (sign & 1 ? a : -a) : 0);
  }
};

#include "fracbit/framework/kernels/bitpack/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::bitpack
