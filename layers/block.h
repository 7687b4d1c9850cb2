#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fracbit/framework/module.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/layers/block_product.h"
#include "fracbit/layers/engine.h"
#include "fracbit/layers/geometry.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::layers {

/// The unit that networks are written in: a product, batch norm, pooling and what the next layer
/// reads, in one op with one forward and one backward pass.
///
///   x --- product with W(w) --- G --- batch norm --- pool --- h --- A --- y
///
/// W quantizes the weights, G the gradient on its way back, A the output: the inputs of the next
/// layer are quantized where they are made, so that what travels between blocks is packed. Pooling
/// may come before batch norm. Without quantizers it is the block of a float network.
///
/// Forward   D = x w in the exact integers of the quantized operands; y = A(h(D s + t)) by integer
///           compares (ops::NormQuantize)
/// Backward  g = gradient codes of D; dx = g W(w); dw = W'(g x), W' the surrogate of the weights
/// Engine    packed: operands as bitplanes or grid integers; simulated: floats on the same levels.
///           Both give the same integers D, and the same codes of them.
/// Shapes    conv2d, depthwise: x [N, H, W, in] -> [N, H', W', out] of the convolution and the
/// pool;
///           linear: x [N, in] -> [N, out]
/// Throws    ShapeError if x does not fit; ConfigError for settings the scheme does not take
/// Paper     Zhou et al. 2016, DoReFa-Net, Algorithm 1; Fromm et al. 2018, eq. 5
class Block : public Module {
 public:
  struct Spec {
    ProductKind kind = ProductKind::conv2d;
    int64_t in = 0;
    int64_t out = 0;
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t padding = kSame;
    int64_t groups = 1;
    std::optional<ops::PoolOptions> pool = {};  ///< a max pool
    bool pool_first = false;                    ///< pool before batch norm
    bool quantize_weights = false;              ///< W and G by the scheme of `quant`
    bool quantized_input = false;               ///< x comes from A of the layer before
    bool quantize_output = false;               ///< A, by the scheme of `quant`
    /// h of an output that stays float: identity, relu, clip01, cabs.
    ops::BlockActivation activation = ops::BlockActivation::relu;
    quantize::Spec quant = {};
    Engine engine = Engine::packed;
    ops::BatchNormOptions norm = {};
  };
  explicit Block(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  Tensor deployed_value(const NamedParameter& own) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;
  void do_after_update() override;

 private:
  struct Saved;
  Shape product_shape(const Shape& x) const;
  BlockProduct product(const Shape& x) const;
  Value quantized(quantize::Quantizer& quantizer, const Tensor& x) const;
  /// Whether nothing but y is wanted of x, and y is made where the product is written.
  bool evaluates_in_place(const Variable& x) const;
  Variable evaluate(const Variable& x);
  /// y from the normalised output, and what the backward pass of A needs of it.
  Value finish(ops::NormQuantize::Output&& output, Saved& saved);
  ops::NormQuantizeOptions norm_options() const;
  /// What computes the product of x and its gradients, in `info`.
  void name_engines(const Shape& x, LayerInfo& info) const;

  Spec spec_;
  Variable weight_;
  Variable gamma_;
  Variable beta_;
  Tensor running_mean_;
  Tensor running_var_;
  std::shared_ptr<quantize::Quantizer> weights_;   ///< W; null: float
  std::shared_ptr<quantize::Quantizer> inputs_;    ///< what made x, for its name and bits
  std::shared_ptr<quantize::Quantizer> outputs_;   ///< A; null: float
  std::optional<quantize::Quantizer::Step> step_;  ///< A as a step function, if it is one
  bool on_grid_ = false;                           ///< operands as integers, not as bitplanes
  std::shared_ptr<const quantize::GradientQuantizer> wide_gradients_;  ///< G of more than 8 bits
};

/// The activation of that name: identity, relu, clip01, cabs. Throws ConfigError.
ops::BlockActivation block_activation(std::string_view name);

}  // namespace fracbit::layers
