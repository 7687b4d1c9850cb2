#pragma once

#include <cstdint>

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// x [N, H, W, C] with `begin` rows and columns of zeros before each image and `end` after it, and
/// room for `slack` more reals.
Tensor padded_copy(const Tensor& x, int64_t begin, int64_t end, int64_t slack);

}  // namespace fracbit::ops
