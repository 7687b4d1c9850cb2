#include "fracbit/models/blocks.h"

#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/layers/activation.h"
#include "fracbit/layers/batch_norm.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/dropout.h"
#include "fracbit/layers/flatten.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "fracbit/layers/residual.h"
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
  const auto order = spec_.order.value_or(float_inputs() ? quantize::BlockOrder::conv_bn_pool_act
                                                         : scheme_->order);
  return order == quantize::BlockOrder::conv_pool_bn_act;
}

void Blocks::add(const std::string& name, std::shared_ptr<Module> layer) {
  std::vector<LayerInfo> rows;
  shape_ = layer->trace(shape_, rows);
  net_->add(name, std::move(layer));
}

void Blocks::open(const char* name, Block::Spec block) {
  const bool first = number_ == 0;
  block.quantize_weights = block.kind != ProductKind::depthwise && quantizes(false);
  block.quantized_input = block.quantize_weights && !first && !float_inputs();
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
  if (activation.empty()) activation = scheme_->float_activation(spec_.quant);
  if (std::exchange(open_sum_, false) && next != Input::raw) {
    add(numbered("activation"), std::make_shared<layers::Activation>(activation));
  }
  if (!open_) return;
  switch (next) {
    case Input::quantized:
      open_->quantize_output = true;
      break;
    case Input::raw:
      open_->activation = ops::BlockActivation::identity;
      break;
    case Input::activated:
      open_->activation = layers::block_activation(activation);
      break;
  }
  add(open_name_, std::make_shared<Block>(*open_));
  open_.reset();
}

Blocks& Blocks::conv(const Conv& conv) {
  Block::Spec block{
      .out = conv.out, .kernel = conv.kernel, .stride = conv.stride, .padding = conv.padding};
  if (conv.pool > 0) {
    block.pool = ops::PoolOptions{.kernel = conv.pool,
                                  .stride = conv.pool_stride > 0 ? conv.pool_stride : conv.pool,
                                  .padding_begin = conv.pool_padding,
                                  .padding_end = conv.pool_padding};
  }
  open("conv", std::move(block));
  return *this;
}

Blocks& Blocks::depthwise(int64_t stride) {
  const int64_t channels = open_ ? open_->out : shape_.back();
  open("depthwise", {.kind = ProductKind::depthwise, .out = channels, .stride = stride});
  return *this;
}

std::shared_ptr<Module> Blocks::branch(const Block::Spec& conv) const {
  const bool quantized = quantizes(false);
  if (quantized && !float_inputs()) {
    auto layers = std::make_shared<layers::Sequential>();
    layers->add("conv", std::make_shared<layers::QuantConv2d>(
                            layers::QuantConv2d::Spec{.in = conv.in,
                                                      .out = conv.out,
                                                      .kernel = conv.kernel,
                                                      .stride = conv.stride,
                                                      .padding = conv.padding,
                                                      .quant = spec_.quant,
                                                      .engine = spec_.engine}));
    layers->add("norm",
                std::make_shared<layers::BatchNorm>(layers::BatchNorm::Spec{.channels = conv.out}));
    return layers;
  }
  Block::Spec block = conv;
  block.quantize_weights = quantized;
  block.quant = spec_.quant;
  block.engine = spec_.engine;
  return std::make_shared<Block>(block);
}

Blocks& Blocks::residual(int64_t out, int64_t stride) {
  close(quantizes(false) && !float_inputs() ? Input::raw : Input::activated);
  const int64_t in = shape_.back();
  const auto activation = layers::block_activation(scheme_->float_activation(spec_.quant));
  constexpr auto kNone = ops::BlockActivation::identity;
  auto body = std::make_shared<layers::Sequential>();
  body->add(
      "conv1",
      branch({.in = in, .out = out, .stride = stride, .padding = 1, .activation = activation}));
  body->add("conv2", branch({.in = out, .out = out, .padding = 1, .activation = kNone}));
  std::shared_ptr<Module> shortcut;
  if (stride != 1 || in != out) {
    shortcut = branch(
        {.in = in, .out = out, .kernel = 1, .stride = stride, .padding = 0, .activation = kNone});
  }
  ++number_;
  add(numbered("residual"), std::make_shared<layers::Residual>(body, shortcut));
  open_sum_ = true;
  return *this;
}

void Blocks::flatten() {
  if (shape_.rank() > 2) add("flatten", std::make_shared<layers::Flatten>());
}

Blocks& Blocks::dense(int64_t out, double dropout) {
  if (dropout > 0 && scheme_->name == "none") {
    close(Input::activated);
    add("dropout" + std::to_string(number_ + 1), std::make_shared<layers::Dropout>(dropout));
  }
  open("fc", {.kind = ProductKind::linear, .out = out});
  return *this;
}

bool Blocks::begin_classifier() {
  const bool quantized = quantizes(true);
  const bool quantizes_inputs = quantized && !float_inputs();
  if (quantizes_inputs && !spec_.last_activation.empty()) {
    throw ConfigError("last-activation: no '" + spec_.last_activation +
                      "' stands before a last layer that quantizes its inputs");
  }
  close(quantizes_inputs ? Input::raw : Input::activated, spec_.last_activation);
  ++number_;
  return quantized;
}

void Blocks::add_dense(bool quantized, bool bias) {
  const int64_t in = shape_.back();
  if (quantized) {
    add(numbered("fc"),
        std::make_shared<layers::QuantLinear>(layers::QuantLinear::Spec{
            .in = in, .out = spec_.classes, .quant = spec_.quant, .engine = spec_.engine}));
  } else {
    add(numbered("fc"), std::make_shared<layers::Linear>(
                            layers::Linear::Spec{.in = in, .out = spec_.classes, .bias = bias}));
  }
}

std::shared_ptr<Module> Blocks::dense_classifier(bool bias) {
  const bool quantized = begin_classifier();
  flatten();
  add_dense(quantized, bias);
  return finish(quantized);
}

std::shared_ptr<Module> Blocks::mean_dense_classifier() {
  const bool quantized = begin_classifier();
  add("gap", std::make_shared<layers::GlobalAvgPool>());
  add_dense(quantized, true);
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
