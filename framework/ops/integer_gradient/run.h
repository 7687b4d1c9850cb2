#pragma once

#include <string_view>

#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {

/// The gradients of a convolution by the kernels of an instruction set; all sets give the same
/// bits. Operands are checked.
void input_gradient(const GradientCodes& g, const ScaledBits& w, const Conv2dGeometry& shape,
                    std::string_view isa, Tensor& dx);
void weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& shape,
                     std::string_view isa, Tensor& dw);

}  // namespace fracbit::ops::integer_gradient
