#include "fracbit/layers/quant_linear.h"

#include "fracbit/layers/layers.h"
#include "fracbit/layers/linear.h"

namespace fracbit::layers {
namespace {

Shape weight_shape(const QuantLinear::Spec& spec) {
  require_positive("quant_linear", "in", spec.in);
  require_positive("quant_linear", "out", spec.out);
  return {spec.out, spec.in};
}

constexpr BlockProduct kProduct(ProductKind::linear, {});

}  // namespace

QuantLinear::QuantLinear(const Spec& spec)
    : spec_(spec), operands_(spec.quant, spec.engine, weight_shape(spec), spec.in) {
  weight_ = add_parameter("weight", weight_shape(spec));
  for (const auto& state : operands_.state()) add_buffer(state.name, state.value);
}

Variable QuantLinear::forward(const Variable& x) {
  require_rows("quant_linear", x.shape(), spec_.in);
  return operands_.product(x, weight_, kProduct, {training(), position(), stream()});
}

Shape QuantLinear::do_trace(const Shape& x, const std::string& path,
                            std::vector<LayerInfo>& rows) const {
  require_rows("quant_linear", x, spec_.in);
  const Shape y{x[0], spec_.out};
  const int64_t weights = spec_.in * spec_.out;
  LayerInfo info = float_layer_info(path, "quant_linear", y, weights, weights);
  operands_.describe(kProduct, weight_.shape(), info);
  rows.push_back(info);
  return y;
}

void QuantLinear::do_initialize(uint64_t seed, uint32_t stream) {
  initialize_uniform(weight_.mutable_value(), spec_.in,
                     {seed, stream, 0, Purpose::initial_weights});
}

void QuantLinear::do_after_update() {
  operands_.after_update(weight_.mutable_value());
}

void QuantLinear::do_lower(deploy::Lowering& to) const {
  require_rows("quant_linear", to.shape(), spec_.in);
  deploy::Block block = operands_.lower(to, weight_.value());
  to.add(std::move(block), {});
}

Tensor QuantLinear::deployed_value(const NamedParameter& own) const {
  return operands_.deployed_weights(own.value.value());
}

std::vector<Example> quant_linear_examples() {
  std::vector<Example> examples;
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    quantize::Spec quant;
    quant.scheme = scheme->name;
    examples.push_back(
        {"quant_linear " + quant.scheme,
         std::make_shared<QuantLinear>(QuantLinear::Spec{.in = 6, .out = 3, .quant = quant}),
         {4, 6}});
  }
  return examples;
}

}  // namespace fracbit::layers
