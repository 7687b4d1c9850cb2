// The definitions of update.h as loops, for the vectors that the compiler makes of them with the
// flags of an instruction set. Included once per set; everything is in an anonymous namespace.
#pragma once

#include <cmath>

#include "fracbit/framework/kernels/update/update.h"

namespace fracbit::kernels::update {
namespace {

void sgd(real* __restrict w, const real* __restrict g, int64_t n, const SgdRates& rates) noexcept {
  const SgdRates r = rates;
  for (int64_t i = 0; i < n; ++i) w[i] -= r.lr * (g[i] + r.weight_decay * w[i]);
}

template <bool kNesterov>
void momentum(real* __restrict w, const real* __restrict g, real* __restrict v, int64_t n,
              const SgdRates& rates) noexcept {
  const SgdRates r = rates;
  for (int64_t i = 0; i < n; ++i) {
    const real d = g[i] + r.weight_decay * w[i];
    const real moved = r.momentum * v[i] + d;
    v[i] = moved;
    w[i] -= r.lr * (kNesterov ? d + r.momentum * moved : moved);
  }
}

void adam(real* __restrict w, const real* __restrict g, real* __restrict m, real* __restrict v,
          int64_t n, const AdamRates& rates) noexcept {
  const AdamRates r = rates;
  for (int64_t i = 0; i < n; ++i) {
    const real d = g[i] + r.l2 * w[i];
    const real first = r.beta1 * m[i] + r.fresh1 * d;
    const real second = r.beta2 * v[i] + r.fresh2 * d * d;
    m[i] = first;
    v[i] = second;
    w[i] = r.shrink * w[i] - r.step_size * first / (std::sqrt(second) / r.second_scale + r.epsilon);
  }
}

constexpr Kernels kTable{
    .sgd = sgd, .momentum = momentum<false>, .nesterov = momentum<true>, .adam = adam};

}  // namespace
}  // namespace fracbit::kernels::update
