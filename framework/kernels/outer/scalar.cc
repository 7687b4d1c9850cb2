#include "fracbit/framework/kernels/outer/outer.h"

namespace fracbit::kernels::outer {
namespace {

real fused(real a, real b, real c) {
  if constexpr (sizeof(real) == 4) return __builtin_fmaf(a, b, c);
  return static_cast<real>(__builtin_fma(a, b, c));
}

void product(const OuterProduct& d) noexcept {
  for (int64_t f = 0; f < d.filters; ++f) {
    real* y = d.y + f * d.y_filter;
    for (int64_t k = 0; k < d.channels; ++k) {
      real sum = 0;
      for (int64_t b = 0; b < d.samples; ++b) {
        sum = fused(d.scale[b], d.g[b * d.g_sample + f] * d.x[b * d.x_sample + k], sum);
      }
      y[k] = sum * d.last_scale;
    }
  }
}

}  // namespace

extern const Kernel kScalar;
const Kernel kScalar = product;

}  // namespace fracbit::kernels::outer
