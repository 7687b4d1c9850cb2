#include "fracbit/layers/quant_conv2d.h"

#include "fracbit/layers/layers.h"

namespace fracbit::layers {
namespace {

Shape weight_shape(const QuantConv2d::Spec& spec) {
  require_positive("quant_conv2d", "in", spec.in);
  require_positive("quant_conv2d", "out", spec.out);
  require_positive("quant_conv2d", "kernel", spec.kernel);
  require_positive("quant_conv2d", "stride", spec.stride);
  require_positive("quant_conv2d", "groups", spec.groups);
  return {spec.out, spec.kernel, spec.kernel, spec.in / spec.groups};
}

}  // namespace

QuantConv2d::QuantConv2d(const Spec& spec)
    : spec_(spec), operands_(spec.quant, spec.engine, weight_shape(spec), spec.in) {
  weight_ = add_parameter("weight", weight_shape(spec));
  for (const auto& state : operands_.state()) add_buffer(state.name, state.value);
}

ops::Conv2dOptions QuantConv2d::options(const Shape& x) const {
  return convolution_geometry(x, spec_.kernel, spec_.stride, spec_.padding, spec_.groups);
}

Variable QuantConv2d::forward(const Variable& x) {
  const ops::Conv2dOptions settings = options(x.shape());
  ops::conv2d_shape(x.shape(), weight_.shape(), settings);
  return operands_.product(x, weight_, {ProductKind::conv2d, settings},
                           {training(), position(), stream()});
}

Shape QuantConv2d::do_trace(const Shape& x, const std::string& path,
                            std::vector<LayerInfo>& rows) const {
  const ops::Conv2dOptions settings = options(x);
  const Shape y = ops::conv2d_shape(x, weight_.shape(), settings);
  LayerInfo info = float_layer_info(path, "quant_conv2d", y, weight_.value().size(),
                                    y[1] * y[2] * weight_.value().size());
  operands_.describe({ProductKind::conv2d, settings}, weight_.shape(), info);
  rows.push_back(info);
  return y;
}

void QuantConv2d::do_initialize(uint64_t seed, uint32_t stream) {
  initialize_uniform(weight_.mutable_value(), weight_.shape().stride0(),
                     {seed, stream, 0, Purpose::initial_weights});
}

void QuantConv2d::do_after_update() {
  operands_.after_update(weight_.mutable_value());
}

void QuantConv2d::do_lower(deploy::Lowering& to) const {
  deploy::Block block = operands_.lower(to, weight_.value());
  set_geometry(options(to.shape()), block);
  to.add(std::move(block), {});
}

Tensor QuantConv2d::deployed_value(const NamedParameter& own) const {
  return operands_.deployed_weights(own.value.value());
}

std::vector<Example> quant_conv2d_examples() {
  std::vector<Example> examples;
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    quantize::Spec quant;
    quant.scheme = scheme->name;
    for (const Engine engine : {Engine::packed, Engine::simulated}) {
      examples.push_back(
          {"quant_conv2d " + quant.scheme + (engine == Engine::packed ? " packed" : " simulated"),
           std::make_shared<QuantConv2d>(
               QuantConv2d::Spec{.in = 3, .out = 4, .quant = quant, .engine = engine}),
           {2, 5, 5, 3}});
    }
  }
  return examples;
}

}  // namespace fracbit::layers
