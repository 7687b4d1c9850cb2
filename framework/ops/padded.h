#pragma once

#include <cstdint>

#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// x [N, H, W, C] with `begin` rows and columns of zeros before each image and `end` after it, and
/// room for `slack` more reals.
Tensor padded_copy(const Tensor& x, int64_t begin, int64_t end, int64_t slack);

/// All taps of each pixel of the result one after the other, [pixel][u][v][c], and room for `slack`
/// more reals. `padded` is x with its padding and patches_slack() more reals or more.
Tensor patches(const Conv2dGeometry& geometry, const Tensor& padded, int64_t slack);
int64_t patches_slack();

}  // namespace fracbit::ops
