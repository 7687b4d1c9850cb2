#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Weight gradients of dense layers on exact levels: a sample is one product to a weight.
namespace fracbit::kernels::outer {

/// sums[f][k] = fma(scale[b], g[b][f] x[b][k], sums[f][k]) for the samples b in order, from 0; the
/// products of levels are exact.
struct OuterProduct {
  int64_t samples;
  const real* scale;  ///< [samples]
  const real* g;      ///< filters of sample 0
  int64_t g_sample;   ///< reals to the next one
  int64_t filters;
  const real* x;     ///< channels of sample 0
  int64_t x_sample;  ///< reals to the next one; rows are readable up to a multiple of 64
  int64_t channels;
  real last_scale;  ///< what is written is sums times this
  real* y;          ///< [filters][y_filter]
  int64_t y_filter;
};

using Kernel = void (*)(const OuterProduct&) noexcept;

/// That of an instruction set; the portable one for a name that is not known.
Kernel find(const char* isa) noexcept;

}  // namespace fracbit::kernels::outer
