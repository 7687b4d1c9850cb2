#include "fracbit/framework/ops/quantized_product.h"

#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/bit_product/geometry.h"
#include "fracbit/framework/ops/bit_product/kernels.h"
#include "fracbit/framework/ops/bit_product/run.h"

namespace fracbit::ops {
namespace {

using bit_product::Geometry;

int64_t terms(const BitTensor& bits) {
  return bits.encoding() == Encoding::residual ? bits.bits() : 1;
}

void require_scales(const char* op, const char* name, const ScaledBits& operand) {
  const int64_t size = operand.scales.size();
  const int64_t each = terms(operand.bits);
  if (size != each && size != operand.bits.shape()[0] * each) {
    throw ShapeError("[" + std::string(op) + "] expects one scale, or one per first axis, times " +
                     std::to_string(each) + " terms for " + name + ", got " +
                     to_string(operand.scales.shape()) + " (" + name + " " +
                     to_string(operand.bits.shape()) + ")");
  }
}

void require_linear(const Shape& x, const Shape& w) {
  if (x.rank() != 2 || w.rank() != 2 || x[1] != w[1]) {
    throw ShapeError("[quantized_linear] expects x [N, K] and weight [F, K], got x " +
                     to_string(x) + " and weight " + to_string(w));
  }
}

std::string describe_encoding(const BitTensor& x, const BitTensor& w) {
  const bool x_codes = x.encoding() == Encoding::codes;
  const bool w_codes = w.encoding() == Encoding::codes;
  const std::string widths = std::to_string(w.bits()) + "x" + std::to_string(x.bits());
  if (x_codes && w_codes) return "codes " + widths;
  if (!x_codes && !w_codes) return "residual " + widths;
  return (w_codes ? "codes by residual " : "residual by codes ") + widths;
}

}  // namespace

Tensor quantized_conv2d(const ScaledBits& x, const ScaledBits& w, const Conv2dOptions& options) {
  const Shape shape = conv2d_shape(x.bits.shape(), w.bits.shape(), options);
  require_scales("quantized_conv2d", "x", x);
  require_scales("quantized_conv2d", "weight", w);
  Tensor y = Tensor::uninitialized(shape);
  const Geometry geometry = Geometry::conv2d(x.bits.shape(), w.bits.shape(), options);
  bit_product::run(x, w, geometry, bit_product::active_kernels(), y);
  return y;
}

Tensor quantized_linear(const ScaledBits& x, const ScaledBits& w) {
  require_linear(x.bits.shape(), w.bits.shape());
  require_scales("quantized_linear", "x", x);
  require_scales("quantized_linear", "weight", w);
  Tensor y = Tensor::uninitialized({x.bits.shape()[0], w.bits.shape()[0]});
  const Geometry geometry = Geometry::linear(x.bits.shape(), w.bits.shape());
  bit_product::run(x, w, geometry, bit_product::active_kernels(), y);
  return y;
}

std::string quantized_product_name(const BitTensor& x, const BitTensor& w) {
  return describe_encoding(x, w) + " popcount (" + std::string(bit_product::active_kernels()) + ")";
}

}  // namespace fracbit::ops
