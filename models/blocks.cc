#include "fracbit/models/blocks.h"

#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/flatten.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "fracbit/layers/scale.h"

namespace fracbit::models {
namespace {

using layers::Block;
using layers::ProductKind;

}  // namespace

Blocks::Blocks(const Spec& spec)
    : spec_(spec),
      scheme_(&quantize::find(spec.quant.scheme)),
      shape_{1, spec.input[0], spec.input[1], spec.input[2]} {}

bool Blocks::quantizes(bool last) const {
  if (scheme_->name == "none") return false;
  if (number_ == 0) return spec_.quantize_first;
  return !last || spec_.quantize_last;
}

bool Blocks::pools_first() const {
  const bool by_scheme = spec_.quant.act_bits < 32;  // float activations: batch norm first
  const auto order =
      spec_.order.value_or(by_scheme ? scheme_->order : quantize::BlockOrder::conv_bn_pool_act);
  return order == quantize::BlockOrder::conv_pool_bn_act;
}

void Blocks::add(const std::string& name, std::shared_ptr<Module> layer) {
  std::vector<LayerInfo> rows;
  shape_ = layer->trace(shape_, rows);
  net_->add(name, std::move(layer));
}

void Blocks::open(const char* name, Block::Spec block) {
  const bool first = number_ == 0;
  block.quantize_weights = quantizes(false);
  block.quantized_input = block.quantize_weights && !first && spec_.quant.act_bits < 32;
  close(block.quantized_input ? Input::quantized : Input::activated);
  if (block.kind == ProductKind::linear) flatten();
  block.in = shape_.back();
  block.pool_first = pools_first();
  block.quant = spec_.quant;
  block.engine = spec_.engine;
  ++number_;
  open_ = std::move(block);
  open_name_ = numbered(name);
}

void Blocks::close(Input next, std::string_view activation) {
  if (!open_) return;
  switch (next) {
    case Input::quantized:
      open_->quantize_output = true;
      break;
    case Input::raw:
      open_->activation = ops::BlockActivation::identity;
      break;
    case Input::activated:
      open_->activation = layers::block_activation(
          activation.empty() ? scheme_->float_activation(spec_.quant) : activation);
      break;
  }
  add(open_name_, std::make_shared<Block>(*open_));
  open_.reset();
}

Blocks& Blocks::conv(const Conv& conv) {
  Block::Spec block{.out = conv.out, .kernel = conv.kernel, .padding = conv.padding};
  if (conv.pool > 0) block.pool = ops::PoolOptions{.kernel = conv.pool, .stride = conv.pool};
  open("conv", std::move(block));
  return *this;
}

void Blocks::flatten() {
  if (shape_.rank() > 2) add("flatten", std::make_shared<layers::Flatten>());
}

Blocks& Blocks::dense(int64_t out) {
  open("fc", {.kind = ProductKind::linear, .out = out});
  return *this;
}

bool Blocks::begin_classifier() {
  const bool quantized = quantizes(true);
  const bool quantizes_inputs = quantized && spec_.quant.act_bits < 32;
  if (quantizes_inputs && !spec_.last_activation.empty()) {
    throw ConfigError("last-activation: no '" + spec_.last_activation +
                      "' stands before a last layer that quantizes its inputs");
  }
  close(quantizes_inputs ? Input::raw : Input::activated, spec_.last_activation);
  ++number_;
  return quantized;
}

std::shared_ptr<Module> Blocks::dense_classifier(bool bias) {
  const bool quantized = begin_classifier();
  flatten();
  const int64_t in = shape_.back();
  if (quantized) {
    add(numbered("fc"),
        std::make_shared<layers::QuantLinear>(layers::QuantLinear::Spec{
            .in = in, .out = spec_.classes, .quant = spec_.quant, .engine = spec_.engine}));
  } else {
    add(numbered("fc"), std::make_shared<layers::Linear>(
                            layers::Linear::Spec{.in = in, .out = spec_.classes, .bias = bias}));
  }
  return finish(quantized);
}

std::shared_ptr<Module> Blocks::conv_classifier() {
  const bool quantized = begin_classifier();
  const int64_t in = shape_.back();
  if (quantized) {
    add(numbered("conv"),
        std::make_shared<layers::QuantConv2d>(layers::QuantConv2d::Spec{
            .in = in, .out = spec_.classes, .quant = spec_.quant, .engine = spec_.engine}));
  } else {
    add(numbered("conv"),
        std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{.in = in, .out = spec_.classes}));
  }
  add("gap", std::make_shared<layers::GlobalAvgPool>());
  return finish(quantized);
}

std::shared_ptr<Module> Blocks::finish(bool quantized) {
  if (quantized && scheme_->scale_after_last) add("scale", std::make_shared<layers::Scale>());
  return net_;
}

}  // namespace fracbit::models
