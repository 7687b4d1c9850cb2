#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/ops/quantized_product.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops {
namespace {

constexpr int64_t kGrain = 1 << 12;

void require_scales(const char* op, const char* name, const ScaledLevels& operand) {
  const int64_t size = operand.scales.size();
  if (size != 1 && size != operand.levels.shape()[0]) {
    throw ShapeError("[" + std::string(op) + "] expects one scale, or one per first axis, for " +
                     name + ", got " + to_string(operand.scales.shape()) + " (" + name + " " +
                     to_string(operand.levels.shape()) + ")");
  }
}

/// y = (x_scale w_scale) y, the expression of the packed form.
void apply_scales(const Tensor& x_scales, const Tensor& w_scales, Tensor& y) {
  if (y.empty()) return;
  const int64_t filters = y.shape().back();
  const int64_t per_sample = y.size() / filters / y.shape()[0];
  const int64_t x_step = x_scales.size() == 1 ? 0 : 1;
  const int64_t w_step = w_scales.size() == 1 ? 0 : 1;
  parallel_for(y.size() / filters, kGrain / filters, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const real x_scale = x_scales[p / per_sample * x_step];
      real* row = y.data() + p * filters;
      for (int64_t f = 0; f < filters; ++f) row[f] = (x_scale * w_scales[f * w_step]) * row[f];
    }
  });
}

}  // namespace

Tensor quantized_conv2d(const ScaledLevels& x, const ScaledLevels& w,
                        const Conv2dOptions& options) {
  Conv2dOptions direct = options;
  direct.exact = true;
  Tensor y = conv2d_forward(x.levels, w.levels, nullptr, direct);
  require_scales("quantized_conv2d", "x", x);
  require_scales("quantized_conv2d", "weight", w);
  apply_scales(x.scales, w.scales, y);
  return y;
}

Tensor quantized_linear(const ScaledLevels& x, const ScaledLevels& w) {
  Tensor y = linear_forward(x.levels, w.levels, nullptr);
  require_scales("quantized_linear", "x", x);
  require_scales("quantized_linear", "weight", w);
  apply_scales(x.scales, w.scales, y);
  return y;
}

}  // namespace fracbit::ops
