#pragma once

#include <cstdint>

#include "fracbit/framework/ops/pixel_pass.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Pixels of a result, each the sum over a kernel x kernel window of a source, 3x3 or 5x5: pixel
/// (i, j) sees rows from i - offset and columns from j - offset on, zeros outside.
struct WinogradShape {
  int64_t kernel = 3;
  int64_t images = 0;
  int64_t height = 0, width = 0, channels = 0;         ///< of the source
  int64_t out_height = 0, out_width = 0, filters = 0;  ///< of the result
  int64_t offset = 0;

  int64_t taps() const { return kernel * kernel; }
  /// The result is covered by tiles of tile() x tile() pixels, each of which sees 6 x 6 pixels.
  int64_t tile() const { return 7 - kernel; }
  int64_t tile_rows() const { return (out_height + tile() - 1) / tile(); }
  int64_t tile_columns() const { return (out_width + tile() - 1) / tile(); }
  int64_t tiles() const { return images * tile_rows() * tile_columns(); }
};

/// Whether Winograd's F(4x4, 3x3) or F(2x2, 5x5) is faster than the direct product. It is from 16
/// channels and filters on, where tiles waste at most half of their multiplications on pixels
/// outside the result, and are enough to pay for the transform of the weights.
bool winograd_fits(const WinogradShape& shape);

/// result[n, i, j, f] = bias[f] + sum over u, v, c of source[n, i + u - offset, j + v - offset, c]
/// weight[f, u, v, c]. `bias` may be null, and so may `pass`, which is
/// done to the result.
void winograd_product(const WinogradShape& shape, const real* source, const real* weight,
                      const real* bias, real* result, PixelPass* pass = nullptr);
/// The same with weights that are turned about: weight[c, kernel - 1 - u, kernel - 1 - v, f].
void winograd_turned_product(const WinogradShape& shape, const real* source, const real* weight,
                             real* result);
/// dweight[f, u, v, c] = sum over n, i, j of dresult[n, i, j, f] source[n, i + u - offset,
/// j + v - offset, c].
void winograd_weight_gradient(const WinogradShape& shape, const real* source, const real* dresult,
                              real* dweight);

}  // namespace fracbit::ops
