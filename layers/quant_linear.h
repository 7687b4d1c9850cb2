#pragma once

#include "fracbit/layers/geometry.h"
#include "fracbit/layers/quantized_operands.h"

namespace fracbit::layers {

/// y = A(x) W(w)^T on quantized inputs and weights; QuantConv2d says more.
///
/// Shapes   x [N, in] -> y [N, out]; latent weight [out, in]
/// Throws   ShapeError if x is not [N, in]; ConfigError for settings the scheme does not take
class QuantLinear : public Module {
 public:
  struct Spec {
    int64_t in = 0;
    int64_t out = 0;
    quantize::Spec quant;
    Engine engine = Engine::packed;
  };
  explicit QuantLinear(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  Tensor deployed_value(const NamedParameter& own) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;
  void do_after_update() override;

 private:
  Spec spec_;
  QuantizedOperands operands_;
  Variable weight_;
};

}  // namespace fracbit::layers
