#pragma once

#include <span>

#include "fracbit/framework/ops/integer_levels/windows.h"

namespace fracbit::ops::integer_levels {

/// Weights as the lanes of a product, and what is added to its sums.
struct Filters {
  int64_t lanes;           ///< outputs
  int factor;              ///< of the sums
  Buffer<uint8_t> groups;  ///< [lanes / 16][taps][run][16] groups
  Buffer<int32_t> terms;   ///< [rows of terms][term_step]
  int64_t term_step;
};

/// Of the forward product: lanes are the filters of one group of the convolution, groups run along
/// its channels. Terms take the offset of unsigned bytes away.
Filters forward_filters(const Numbers& w, const Conv2dGeometry& geometry, const Format& format,
                        int64_t group);

/// Of the input gradient: lanes are channels, groups run along filters, taps are those of a phase.
/// With bytes, sums are of q level: factor 2, and terms -top times the levels of the taps inside
/// the image.
Filters gradient_filters(const Numbers& w, const Conv2dGeometry& geometry, const Format& format,
                         int64_t group, const Conv2dPhase& phase, const Windows& windows,
                         int32_t top);

}  // namespace fracbit::ops::integer_levels
