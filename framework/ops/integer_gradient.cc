#include "fracbit/framework/ops/integer_gradient.h"

#include <string>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/integer_gradient/method.h"
#include "fracbit/framework/ops/integer_gradient/operands.h"
#include "fracbit/framework/ops/integer_gradient/run.h"

namespace fracbit::ops {
namespace {

/// A dense product as a convolution of one pixel.
Conv2dGeometry dense_geometry(const char* op, const Shape& x, const Shape& w, const Shape& g) {
  if (x.rank() != 2 || w.rank() != 2 || x[1] != w[1] || g != Shape{x[0], w[0]} || w.size() == 0) {
    throw ShapeError("[" + std::string(op) +
                     "] expects x [N, K], weight [F, K] and dy [N, F], got " + to_string(x) + ", " +
                     to_string(w) + " and " + to_string(g));
  }
  return Conv2dGeometry(op, {x[0], 1, 1, x[1]}, {w[0], 1, 1, w[1]}, {});
}

Tensor input_gradient(const char* op, const GradientCodes& g, const ScaledBits& w,
                      const Conv2dGeometry& geometry, const Shape& x) {
  integer_gradient::check_sum(op, g, w.bits, geometry.taps() * geometry.group_filters);
  Tensor dx = Tensor::uninitialized(x);
  integer_gradient::input_gradient(g, w, geometry, isa_name(active_isa()), dx);
  return dx;
}

Tensor weight_gradient(const char* op, const ScaledBits& x, const GradientCodes& g,
                       const Conv2dGeometry& geometry, const Shape& weight) {
  integer_gradient::check_sum(op, g, x.bits, geometry.out_height * geometry.out_width);
  Tensor dw = Tensor::uninitialized(weight);
  integer_gradient::weight_gradient(x, g, geometry, isa_name(active_isa()), dw);
  return dw;
}

void check(const char* op, const GradientCodes& g, const ScaledBits& operand) {
  integer_gradient::check_gradient(op, g);
  integer_gradient::check_operand(op, operand);
}

}  // namespace

Tensor conv2d_input_gradient(const GradientCodes& g, const ScaledBits& w, const Shape& x,
                             const Conv2dOptions& options) {
  const Conv2dGeometry geometry("conv2d", x, w.bits.shape(), options);
  geometry.check_gradient("conv2d", g.shape);
  check("conv2d", g, w);
  return input_gradient("conv2d", g, w, geometry, x);
}

Tensor conv2d_weight_gradient(const ScaledBits& x, const GradientCodes& g, const Shape& weight,
                              const Conv2dOptions& options) {
  const Conv2dGeometry geometry("conv2d", x.bits.shape(), weight, options);
  geometry.check_gradient("conv2d", g.shape);
  check("conv2d", g, x);
  return weight_gradient("conv2d", x, g, geometry, weight);
}

Tensor linear_input_gradient(const GradientCodes& g, const ScaledBits& w) {
  const Shape& weight = w.bits.shape();
  if (g.shape.rank() != 2 || weight.rank() != 2) {
    throw ShapeError("[linear] expects dy [N, F] and weight [F, K], got " + to_string(g.shape) +
                     " and " + to_string(weight));
  }
  const Shape x{g.shape[0], weight[1]};
  const Conv2dGeometry geometry = dense_geometry("linear", x, weight, g.shape);
  check("linear", g, w);
  return input_gradient("linear", g, w, geometry, x);
}

Tensor linear_weight_gradient(const ScaledBits& x, const GradientCodes& g) {
  const Shape& shape = x.bits.shape();
  if (g.shape.rank() != 2 || shape.rank() != 2) {
    throw ShapeError("[linear] expects x [N, K] and dy [N, F], got " + to_string(shape) + " and " +
                     to_string(g.shape));
  }
  const Shape weight{g.shape[1], shape[1]};
  const Conv2dGeometry geometry = dense_geometry("linear", shape, weight, g.shape);
  check("linear", g, x);
  return weight_gradient("linear", x, g, geometry, weight);
}

std::string input_gradient_name(const BitTensor& w, int bits, int64_t groups) {
  const std::string_view isa = isa_name(active_isa());
  return integer_gradient::name_of(integer_gradient::choose_input(w, bits, groups, isa), w, bits,
                                   isa);
}

std::string weight_gradient_name(const BitTensor& x, int bits, int64_t groups) {
  const std::string_view isa = isa_name(active_isa());
  return integer_gradient::name_of(integer_gradient::choose_weight(x, bits, groups, isa), x, bits,
                                   isa);
}

}  // namespace fracbit::ops
