#include "fracbit/framework/kernels/outer/outer.h"

namespace fracbit::kernels::outer {
namespace {

real fused(real a, real b, real c) {
  if constexpr (sizeof(real) == 4) return __builtin_fmaf(a, b, c);
  return static_cast<real>(__builtin_fma(a, b, c));
}

/// Number `column` of sample 0.
const real* column_of(const real* panels, int64_t samples, int64_t column) {
  return panels + column / kPanel * samples * kPanel + column % kPanel;
}

void product(const OuterProduct& d) noexcept {
  for (int64_t f = 0; f < d.filters; ++f) {
    const real* g = column_of(d.g, d.samples, f);
    for (int64_t k = 0; k < d.channels; ++k) {
      const real* x = column_of(d.x, d.samples, k);
      real sum = 0;
      for (int64_t b = 0; b < d.samples; ++b) sum = fused(g[b * kPanel], x[b * kPanel], sum);
      d.y[f * d.y_filter + k] = sum * d.last_scale;
    }
  }
}

}  // namespace

extern const Kernel kScalar;
const Kernel kScalar = product;

}  // namespace fracbit::kernels::outer
