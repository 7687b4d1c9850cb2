#pragma once

#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// sums[c] = sum over all other axes of x[..., c], in double, by fixed blocks of rows.
Tensor column_sums(const Tensor& x);

}  // namespace fracbit::ops
