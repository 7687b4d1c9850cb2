#pragma once

#include <memory>

#include "fracbit/framework/module.h"
#include "fracbit/layers/block_product.h"
#include "fracbit/layers/engine.h"
#include "fracbit/layers/lowering.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::layers {

/// What quantized layers share: the quantizers of weights, inputs and output gradients, and the
/// order of a training step around a product (spec 1.7, 3.10):
///   forward   y = product(A(x), W(w))
///   backward  dy' = G(dy);  dx = A'(x, input_gradient(dy', W(w)));  dw = W'(w,
///   weight_gradient(A(x), dy'))
/// Each product runs on the forms that its operands have; see BlockProduct.
class QuantizedOperands {
 public:
  /// For weights of the shape `weight` and inputs of so many channels. Throws ConfigError for a
  /// spec the scheme does not take.
  QuantizedOperands(const quantize::Spec& spec, Engine engine, const Shape& weight,
                    int64_t channels);

  struct Run {
    bool training = false;
    StepPosition position;
    uint32_t stream = 0;
  };
  Variable product(const Variable& x, const Variable& w, const BlockProduct& product,
                   const Run& run);

  /// The deployed product with weights w, after the quantizer of its inputs, which is added.
  deploy::Block lower(deploy::Lowering& to, const Tensor& w) const;
  /// The reals that quantized weights stand for.
  Tensor deployed_weights(const Tensor& w) const;

  /// Quantizer state as buffers: "weight_quantizer.NAME", "input_quantizer.NAME".
  std::vector<quantize::Quantizer::State> state();
  /// Puts latent weights back into the range of the scheme.
  void after_update(Tensor& latent) const;
  /// Fills the quantization columns of a summary row for weights of this shape.
  void describe(const BlockProduct& product, const Shape& weight, LayerInfo& info) const;

 private:
  Value operand(quantize::Quantizer* quantizer, const Tensor& x, const Run& run) const;
  bool packed() const { return engine_ == Engine::packed && weights_ && inputs_; }

  Engine engine_;
  bool on_grid_;
  double gradient_bits_;
  std::shared_ptr<quantize::Quantizer> weights_;  // null: float
  std::shared_ptr<quantize::Quantizer> inputs_;
  std::shared_ptr<const quantize::GradientQuantizer> gradients_;
};

}  // namespace fracbit::layers
