#pragma once

#include "fracbit/layers/geometry.h"
#include "fracbit/layers/quantized_operands.h"

namespace fracbit::layers {

/// y = conv2d(A(x), W(w)): convolution on quantized inputs A and weights W; the gradient that comes
/// back is quantized first.
///
/// Shapes   x [N, H, W, in] -> y [N, H', W', out]; latent weight [out, kernel, kernel, in / groups]
/// Engine   packed: both operands as bitplanes or grid integers, in the backward pass as well where
///          gradients have 8 bits or fewer; simulated: floats on the same levels. With float
///          weights or inputs the products run in floats on the levels of the other side.
/// Throws   ShapeError like Conv2d; ConfigError for settings the scheme does not take
/// Paper    Zhou et al. 2016, DoReFa-Net, Algorithm 1; Fromm et al. 2018, Heterogeneous Bitwidth
/// Binarization, eq. 5
class QuantConv2d : public Module {
 public:
  struct Spec {
    int64_t in = 0;
    int64_t out = 0;
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t padding = kSame;
    int64_t groups = 1;
    quantize::Spec quant;
    Engine engine = Engine::packed;
  };
  explicit QuantConv2d(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  Tensor deployed_value(const NamedParameter& own) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;
  void do_after_update() override;

 private:
  ops::Conv2dOptions options(const Shape& x) const;

  Spec spec_;
  QuantizedOperands operands_;
  Variable weight_;
};

}  // namespace fracbit::layers
