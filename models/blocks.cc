#include "fracbit/models/blocks.h"

#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/layers/activation.h"
#include "fracbit/layers/batch_norm.h"
#include "fracbit/layers/flatten.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "fracbit/layers/scale.h"

namespace fracbit::models {

Blocks::Blocks(const Spec& spec)
    : spec_(spec),
      scheme_(&quantize::find(spec.quant.scheme)),
      shape_{1, spec.input[0], spec.input[1], spec.input[2]} {}

bool Blocks::quantizes(bool last) const {
  if (scheme_->name == "none") return false;
  if (first()) return spec_.quantize_first;
  return !last || spec_.quantize_last;
}

quantize::Spec Blocks::layer_quant() const {
  quantize::Spec quant = spec_.quant;
  if (first()) quant.act_bits = 32;  // images stay as they are
  return quant;
}

void Blocks::add(const std::string& name, std::shared_ptr<Module> layer) {
  std::vector<LayerInfo> rows;
  shape_ = layer->trace(shape_, rows);
  net_->add(name, std::move(layer));
}

void Blocks::add_numbered(const char* name, std::shared_ptr<Module> layer) {
  add(name + std::to_string(number_), std::move(layer));
}

bool Blocks::takes_floats(bool quantized) const {
  return !quantized || spec_.quant.act_bits == 32;
}

void Blocks::activate(std::string_view function) {
  add_numbered("act", std::make_shared<layers::Activation>(function));
}

void Blocks::activate_before(bool quantized) {
  if (first() || !takes_floats(quantized)) return;
  activate(scheme_->float_activation(spec_.quant));
}

void Blocks::activate_before_last(bool quantized) {
  if (spec_.last_activation.empty()) return activate_before(quantized);
  if (!takes_floats(quantized)) {
    throw ConfigError("last-activation: no '" + spec_.last_activation +
                      "' stands before a last layer that quantizes its inputs");
  }
  activate(spec_.last_activation);
}

void Blocks::normalize_and_pool(int64_t pool) {
  const bool by_scheme = spec_.quant.act_bits < 32;  // float activations: batch norm first
  const auto order =
      spec_.order.value_or(by_scheme ? scheme_->order : quantize::BlockOrder::conv_bn_pool_act);
  const bool pool_first = order == quantize::BlockOrder::conv_pool_bn_act;
  const auto add_pool = [&] {
    if (pool == 0) return;
    add_numbered(
        "pool", std::make_shared<layers::Pool>(layers::Pool::Spec{.kernel = pool, .stride = pool}));
  };
  if (pool_first) add_pool();
  add_numbered("bn", std::make_shared<layers::BatchNorm>(
                         layers::BatchNorm::Spec{.channels = shape_.back()}));
  if (!pool_first) add_pool();
}

Blocks& Blocks::conv(const Conv& block) {
  const bool quantized = quantizes(false);
  activate_before(quantized);
  const quantize::Spec quant = layer_quant();
  const int64_t in = shape_.back();
  ++number_;
  if (quantized) {
    add_numbered("conv", std::make_shared<layers::QuantConv2d>(
                             layers::QuantConv2d::Spec{.in = in,
                                                       .out = block.out,
                                                       .kernel = block.kernel,
                                                       .padding = block.padding,
                                                       .quant = quant,
                                                       .engine = spec_.engine}));
  } else {
    add_numbered(
        "conv", std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{
                    .in = in, .out = block.out, .kernel = block.kernel, .padding = block.padding}));
  }
  normalize_and_pool(block.pool);
  return *this;
}

void Blocks::flatten() {
  if (shape_.rank() > 2) add("flatten", std::make_shared<layers::Flatten>());
}

Blocks& Blocks::dense(int64_t out) {
  const bool quantized = quantizes(false);
  activate_before(quantized);
  flatten();
  const quantize::Spec quant = layer_quant();
  const int64_t in = shape_.back();
  ++number_;
  if (quantized) {
    add_numbered("fc", std::make_shared<layers::QuantLinear>(layers::QuantLinear::Spec{
                           .in = in, .out = out, .quant = quant, .engine = spec_.engine}));
  } else {
    add_numbered("fc", std::make_shared<layers::Linear>(
                           layers::Linear::Spec{.in = in, .out = out, .bias = false}));
  }
  normalize_and_pool(0);
  return *this;
}

std::shared_ptr<Module> Blocks::dense_classifier(bool bias) {
  const bool quantized = quantizes(true);
  activate_before_last(quantized);
  flatten();
  const int64_t in = shape_.back();
  ++number_;
  if (quantized) {
    add_numbered(
        "fc", std::make_shared<layers::QuantLinear>(layers::QuantLinear::Spec{
                  .in = in, .out = spec_.classes, .quant = spec_.quant, .engine = spec_.engine}));
  } else {
    add_numbered("fc", std::make_shared<layers::Linear>(
                           layers::Linear::Spec{.in = in, .out = spec_.classes, .bias = bias}));
  }
  return finish(quantized);
}

std::shared_ptr<Module> Blocks::conv_classifier() {
  const bool quantized = quantizes(true);
  activate_before_last(quantized);
  const int64_t in = shape_.back();
  ++number_;
  if (quantized) {
    add_numbered(
        "conv", std::make_shared<layers::QuantConv2d>(layers::QuantConv2d::Spec{
                    .in = in, .out = spec_.classes, .quant = spec_.quant, .engine = spec_.engine}));
  } else {
    add_numbered("conv", std::make_shared<layers::Conv2d>(
                             layers::Conv2d::Spec{.in = in, .out = spec_.classes}));
  }
  add("gap", std::make_shared<layers::GlobalAvgPool>());
  return finish(quantized);
}

std::shared_ptr<Module> Blocks::finish(bool quantized) {
  if (quantized && scheme_->scale_after_last) add("scale", std::make_shared<layers::Scale>());
  return net_;
}

}  // namespace fracbit::models
