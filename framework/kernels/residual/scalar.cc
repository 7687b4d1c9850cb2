#include <cstdint>

#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit::kernels::residual {
namespace {

struct Lanes {
  using Reals = real;
  using Mask = bool;
  using Wide = double;
  static constexpr int kCount = 1;

  static Reals load(const real* p) { return *p; }
  static void store(real* p, Reals v) { *p = v; }
  static Reals splat(real a) { return a; }
  static Reals magnitude(Reals v) {
    if constexpr (sizeof(real) == 4) return __builtin_fabsf(v);
    return static_cast<real>(__builtin_fabs(v));
  }
  static Reals sub(Reals a, Reals b) { return a - b; }
  static Mask at_least(Reals a, Reals b) { return a >= b; }
  static Mask above(Reals a, Reals b) { return a > b; }
  static Mask below(Reals a, Reals b) { return a < b; }
  static Mask wider(const uint8_t* p, int n) { return *p > n; }
  static Mask all() { return true; }
  static Mask first(int n) { return n > 0; }
  static Mask both(Mask a, Mask b) { return a && b; }
  static uint64_t bits(Mask m) { return m; }
  static int64_t ones(Mask m) { return m; }
  static Reals choose(Mask m, Reals a, Reals b) { return m ? a : b; }
  static Reals add_where(Mask m, Reals v, Reals a) { return m ? v + a : v; }
  static Reals keep(Mask m, Reals v) { return m ? v : 0; }
  static Wide none() { return 0; }
  static void accumulate(Wide& sum, Reals v) { sum += static_cast<double>(v); }
  static void spill(Wide sum, double* to) { *to = sum; }
  static void store_bytes(int8_t* p, Reals v) { *p = static_cast<int8_t>(v); }
  static void store_words(int16_t* p, Reals v) { *p = static_cast<int16_t>(v); }
  static void store_bins(uint16_t* p, Reals key) { *p = static_cast<uint16_t>(bin_of(key)); }
  static void append(real* p, Reals v, Mask m) {
    if (m) *p = v;
  }
};

#include "fracbit/framework/kernels/residual/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::residual
