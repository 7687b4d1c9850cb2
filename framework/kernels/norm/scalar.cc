#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"

using Wide = One;
#define FRACBIT_UNROLL

template <class T>
struct Compare {
  static constexpr int kCount = 1;
  static bool flip(const real* scale) { return *scale < 0; }
  static T load(const T* d, bool flip) { return flip ? static_cast<T>(-*d) : *d; }
  static T larger(T a, T b) { return b > a ? b : a; }
  static uint64_t above(T a, const T* step) { return a > *step ? 1 : 0; }
  static uint64_t below(T a, const T* step) { return a < *step ? 1 : 0; }
};

#include "fracbit/framework/kernels/norm/loops.inc.h"

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = make_kernels("scalar");

}  // namespace fracbit::kernels::norm
