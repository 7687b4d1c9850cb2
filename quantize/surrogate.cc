#include "fracbit/quantize/surrogate.h"

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/reduce.h"

namespace fracbit::quantize {

Tensor pass_inside(const Tensor& x, const Tensor& dy, real lo, real hi) {
  require_same_shape("quantize", x, dy);
  Tensor dx = Tensor::uninitialized(x.shape());
  const real* in = x.data();
  const real* from = dy.data();
  real* to = dx.data();
  parallel_for(x.size(), kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const real gradient = from[i];  // loaded whether needed or not: the loop becomes vector code
      const bool inside = (in[i] >= lo) & (in[i] <= hi);
      to[i] = inside ? gradient : 0;
    }
  });
  return dx;
}

Tensor pass_abs_clip(const Tensor& x, const Tensor& dy) {
  require_same_shape("quantize", x, dy);
  Tensor dx = Tensor::uninitialized(x.shape());
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    const real* in = x.data();
    const real* from = dy.data();
    real* to = dx.data();
    for (int64_t i = begin; i < end; ++i) {
      const bool rising = (in[i] > 0) & (in[i] < 1);
      const bool falling = (in[i] > -1) & (in[i] < 0);
      to[i] = rising ? from[i] : (falling ? -from[i] : 0);
    }
  });
  return dx;
}

}  // namespace fracbit::quantize
