#include "fracbit/quantize/surrogate.h"

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/reduce.h"

namespace fracbit::quantize {

Tensor pass_inside(const Tensor& x, Tensor dy, real lo, real hi) {
  require_same_shape("quantize", x, dy);
  const real* in = x.data();
  real* gradient = dy.data();
  parallel_for(x.size(), kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const real g = gradient[i];  // loaded whether needed or not: the loop becomes vector code
      const bool inside = (in[i] >= lo) & (in[i] <= hi);
      gradient[i] = inside ? g : 0;
    }
  });
  return dy;
}

Tensor pass_abs_clip(const Tensor& x, Tensor dy) {
  require_same_shape("quantize", x, dy);
  const real* in = x.data();
  real* gradient = dy.data();
  parallel_for(x.size(), kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const real g = gradient[i];
      const bool rising = (in[i] > 0) & (in[i] < 1);
      const bool falling = (in[i] > -1) & (in[i] < 0);
      gradient[i] = rising ? g : (falling ? -g : 0);
    }
  });
  return dy;
}

}  // namespace fracbit::quantize
