#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Steps of optimizers over n parameters w with gradients g and moments, in one pass. Every
/// operation rounds by itself: the same bits on every instruction set.
namespace fracbit::kernels::update {

/// The numbers of one step of stochastic gradient descent, the same for all parameters.
struct SgdRates {
  real lr;
  real momentum;
  real weight_decay;
};

/// d = g + weight_decay w;  w -= lr d.
using Sgd = void (*)(real* w, const real* g, int64_t n, const SgdRates& rates) noexcept;

/// d = g + weight_decay w;  v = momentum v + d;  w -= lr v, or lr (d + momentum v) with Nesterov.
using SgdMomentum = void (*)(real* w, const real* g, real* v, int64_t n,
                             const SgdRates& rates) noexcept;

/// The numbers of one step of Adam.
struct AdamRates {
  real step_size;  ///< lr / (1 - beta1^t)
  real shrink;     ///< factor of w before the update
  real l2;         ///< weight decay that joins the gradient
  real beta1;
  real beta2;
  real fresh1;        ///< 1 - beta1
  real fresh2;        ///< 1 - beta2
  real second_scale;  ///< sqrt(1 - beta2^t)
  real epsilon;
};

/// d = g + l2 w;  m = beta1 m + fresh1 d;  v = beta2 v + fresh2 d d;
/// w = shrink w - step_size m / (sqrt(v) / second_scale + epsilon).
using Adam = void (*)(real* w, const real* g, real* m, real* v, int64_t n,
                      const AdamRates& rates) noexcept;

/// The kernels of one instruction set.
struct Kernels {
  Sgd sgd;
  SgdMomentum momentum;
  SgdMomentum nesterov;
  Adam adam;
};

/// Kernels of an instruction set, by its name, or those of the nearest lesser one. The caller has
/// made sure that this CPU has it.
const Kernels& find(const char* isa) noexcept;

extern const Kernels kScalar;
extern const Kernels kNeon;
extern const Kernels kAvx2;
extern const Kernels kAvx512;

}  // namespace fracbit::kernels::update
