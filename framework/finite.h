#pragma once

#include "fracbit/framework/tensor.h"

namespace fracbit {

/// Whether no element is NaN or infinite.
bool all_finite(const Tensor& tensor);

}  // namespace fracbit
