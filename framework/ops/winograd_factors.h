#pragma once

#include <algorithm>
#include <cstdint>

#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/winograd.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Weights of a product, [filters][taps][channels] or, turned about, [channels][taps][filters].
struct WinogradWeights {
  const real* data;
  bool turned;
};

/// Transformed weights of some filters as the right operand of 36 products,
/// [position][panel][channel][column].
struct WinogradFactors {
  /// Those of filters [first, first + count).
  WinogradFactors(const WinogradShape& shape, const WinogradWeights& weights, int64_t first,
                  int64_t count);

  int64_t panels() const;
  int64_t used(int64_t p) const;
  int64_t width(int64_t p) const { return panel_width(used(p)); }
  real* panel(int64_t p);
  const real* panel(int64_t p) const;

  int64_t channels, filters;
  int64_t columns = 0;  ///< of all panels
  int64_t step = 0;     ///< from a position to the next
  Tensor data;
};

}  // namespace fracbit::ops
