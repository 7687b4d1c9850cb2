#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Weight gradients of dense layers: a sample is one product to a weight.
namespace fracbit::kernels::outer {

/// Columns of a panel of an operand: [columns / kPanel][samples][kPanel], so that all samples of a
/// tile are near each other.
inline constexpr int64_t kPanel = 64;

/// sums[f][k] = fma(g[b][f], x[b][k], sums[f][k]) for the samples b in order, from 0.
struct OuterProduct {
  int64_t samples;
  const real* g;  ///< panels of filters
  int64_t filters;
  const real* x;  ///< panels of channels
  int64_t channels;
  real last_scale;  ///< what is written is sums times this
  real* y;          ///< [filters][y_filter]
  int64_t y_filter;
};

using Kernel = void (*)(const OuterProduct&) noexcept;

/// That of an instruction set; the portable one for a name that is not known.
Kernel find(const char* isa) noexcept;

}  // namespace fracbit::kernels::outer
