#pragma once

#include <cstdint>

#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/gradient_rows.h"
#include "fracbit/framework/ops/panels.h"
#include "fracbit/framework/ops/pixel_pass.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// Whether a convolution has few input channels, as a first layer has: a pixel's whole window is
/// then one contiguous patch of a register tile's operand.
bool has_few_channels(const Conv2dGeometry& geometry);

/// The product of such a convolution: rows of its kernel as taps of an input with its padding.
class FewChannelsProduct {
 public:
  FewChannelsProduct(const Conv2dGeometry& geometry, const Tensor& x, const Tensor& weight);

  /// y[n, i, j, f] = bias[f] + sum over u, v, c of x[n, i s + u - p, j s + v - p, c] w[f, u, v, c].
  /// `bias` and `pass` may be null.
  void all(const real* bias, real* y, PixelPass* pass) const;
  /// Pixels [begin, end) of the same without bias, to the bit.
  void pixels(int64_t begin, int64_t end, real* y) const;

 private:
  TapGrid grid_;
  Tensor padded_;
  Panels panels_;
};

/// dw[f, u, v, c] = sum over n, i, j of dy[n, i, j, f] x[n, i s + u - p, j s + v - p, c].
void few_channels_weight_gradient(const Conv2dGeometry& geometry, const Tensor& x,
                                  const GradientRows& dy, real* dw);

}  // namespace fracbit::ops
