#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/value.h"

namespace fracbit::layers {

/// The bilinear part of a block.
enum class ProductKind {
  conv2d,     ///< x [N, H, W, Cin], w [Cout, KH, KW, Cin / groups]
  depthwise,  ///< x [N, H, W, C], w [C, KH, KW, 1]; floats
  linear,     ///< x [N, K], w [F, K]
};

/// A product and its two gradients on operands of any form. Which code computes them follows from
/// the forms alone:
///
///   planes of codes    integers by ops::integer_conv2d; gradients from codes by integers as well
///   integers of a grid the same on 8- and 16-bit integers
///   residual planes    by ops::quantized_conv2d, summed over the terms; gradients in floats
///   levels             the simulated engine: floats on integer levels, the scales afterwards
///   otherwise          floats on the values
class BlockProduct {
 public:
  using Gradient = std::variant<Tensor, GradientCodes>;

  constexpr BlockProduct(ProductKind kind, const ops::Conv2dOptions& options)
      : kind_(kind), options_(options) {}

  int64_t groups() const { return options_.groups; }

  /// x w as D and the scale a, x w = a D. With `moments`, those of a float D come along where that
  /// costs nothing.
  ops::NormQuantizeInput forward(const Value& x, const Value& w, bool moments) const;
  /// x w in reals.
  Tensor reals(const Value& x, const Value& w) const;
  /// Of floats, with a pass over the pixels of x w, [N, H, W, C], as they are made; not for linear.
  Tensor forward(const Tensor& x, const Tensor& w, ops::PixelPass& pass) const;
  /// Whether the pixels of x w can be made again as they are needed, and what makes them.
  bool makes_pixels(const Value& x, const Value& w) const;
  ops::MakePixels pixels(const Tensor& x, const Tensor& w) const;
  /// dx from the gradient g of x w. `x` is its shape.
  Tensor input_gradient(const Gradient& g, const Value& w, const Shape& x) const;
  /// dw. `w` is its shape.
  Tensor weight_gradient(const Value& x, const Gradient& g, const Shape& w) const;
  /// Whether dw may be had from rows of a float g, as they are made, and dw.
  bool takes_rows(const Value& x, const Shape& w) const;
  Tensor weight_gradient(const Tensor& x, const ops::GradientRows& g, const Shape& w) const;

  /// What computes the forward product of operands of these forms on this machine, and the
  /// gradients from codes of `gradient_bits`.
  static std::string name(const Value& x, const Value& w, int64_t taps, int64_t group_filters);
  std::string input_gradient_name(const Value& w, int gradient_bits) const;
  std::string weight_gradient_name(const Value& x, int gradient_bits) const;

 private:
  Tensor float_forward(const Tensor& x, const Tensor& w, bool exact,
                       ops::PixelPass* pass = nullptr) const;

  ProductKind kind_;
  ops::Conv2dOptions options_;
};

}  // namespace fracbit::layers
