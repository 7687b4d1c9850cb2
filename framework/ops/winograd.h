#pragma once

#include <cstdint>

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Pixels of a result, each the sum over a 3x3 window of a source: pixel (i, j) sees rows i -
/// offset to i - offset + 2 and columns j - offset to j - offset + 2, zeros outside.
struct WinogradShape {
  int64_t images = 0;
  int64_t height = 0, width = 0, channels = 0;         ///< of the source
  int64_t out_height = 0, out_width = 0, filters = 0;  ///< of the result
  int64_t offset = 0;

  /// Tiles of 4x4 pixels that cover the result.
  int64_t tile_rows() const { return (out_height + 3) / 4; }
  int64_t tile_columns() const { return (out_width + 3) / 4; }
  int64_t tiles() const { return images * tile_rows() * tile_columns(); }
};

/// Whether F(4x4, 3x3) is faster than the direct product. It is from 16 channels and filters on,
/// where tiles waste at most half of their multiplications on pixels outside the result, and are
/// enough to pay for the transform of the weights.
bool winograd_fits(const WinogradShape& shape);

/// result[n, i, j, f] = bias[f] + sum over u, v, c of source[n, i + u - offset, j + v - offset, c]
/// weight[f, u, v, c]. `bias` may be null.
void winograd_product(const WinogradShape& shape, const real* source, const real* weight,
                      const real* bias, real* result);
/// The same with weights that are turned about: weight[c, 2 - u, 2 - v, f].
void winograd_turned_product(const WinogradShape& shape, const real* source, const real* weight,
                             real* result);
/// dweight[f, u, v, c] = sum over n, i, j of dresult[n, i, j, f] source[n, i + u - offset,
/// j + v - offset, c].
void winograd_weight_gradient(const WinogradShape& shape, const real* source, const real* dresult,
                              real* dweight);

}  // namespace fracbit::ops
