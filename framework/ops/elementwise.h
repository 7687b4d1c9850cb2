#pragma once

#include "fracbit/framework/parallel.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Elements per block of a pass over a whole tensor.
inline constexpr int64_t kElementGrain = 1 << 15;

/// y[i] = f(x[i]), in parallel. `f` must have no branches, so that the loop becomes vector code.
template <typename Function>
Tensor map(const Tensor& x, Function f) {
  Tensor y = Tensor::uninitialized(x.shape());
  real* to = y.data();
  const real* from = x.data();
  parallel_for(x.size(), kElementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
  });
  return y;
}

/// y[i] = f(a[i], b[i]), in parallel, for tensors of one shape.
template <typename Function>
Tensor map(const Tensor& a, const Tensor& b, Function f) {
  Tensor y = Tensor::uninitialized(a.shape());
  real* to = y.data();
  const real* from_a = a.data();
  const real* from_b = b.data();
  parallel_for(a.size(), kElementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = f(from_a[i], from_b[i]);
  });
  return y;
}

/// into[i] = f(into[i], x[i]), in parallel, for tensors of one size.
template <typename Function>
void combine(Tensor& into, const Tensor& x, Function f) {
  real* to = into.data();
  const real* from = x.data();
  parallel_for(x.size(), kElementGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = f(to[i], from[i]);
  });
}

}  // namespace fracbit::ops
