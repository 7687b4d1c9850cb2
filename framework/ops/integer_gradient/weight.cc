#include "fracbit/framework/ops/integer_gradient/plain.h"
#include "fracbit/framework/ops/integer_gradient/run.h"

namespace fracbit::ops::integer_gradient {

void weight_gradient(const ScaledBits& x, const GradientCodes& g, const Conv2dGeometry& s,
                     std::string_view, Tensor& dw) {
  plain_weight_gradient(x, g, s, dw);
}

}  // namespace fracbit::ops::integer_gradient
