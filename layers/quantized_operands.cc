#include "fracbit/layers/quantized_operands.h"

#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/framework/profile.h"
#include "fracbit/layers/operand.h"

namespace fracbit::layers {
namespace {

/// dy' = G(dy): codes where they have a byte.
BlockProduct::Gradient quantized_gradient(const quantize::GradientQuantizer* quantizer, Tensor&& dy,
                                          const Random& noise) {
  if (quantizer == nullptr) return std::move(dy);
  if (quantizer->bits() <= quantize::GradientQuantizer::kByteBits) {
    return quantizer->codes(dy, noise);
  }
  return values(quantizer->simulate(dy, noise));
}

}  // namespace

QuantizedOperands::QuantizedOperands(const quantize::Spec& spec, Engine engine, const Shape& weight,
                                     int64_t channels)
    : engine_(engine) {
  const quantize::Spec full = quantize::resolved(spec);
  const quantize::Scheme& scheme = quantize::find(full.scheme);
  weights_ = scheme.weights(full);
  inputs_ = scheme.activations(full);
  on_grid_ = on_grid(full);
  gradient_bits_ = full.grad_bits;
  if (weights_) weights_->prepare(weight);
  if (inputs_) inputs_->prepare({channels});
  if (full.grad_bits < 32) {
    gradients_ = std::make_shared<quantize::GradientQuantizer>(static_cast<int>(full.grad_bits));
  }
}

Value QuantizedOperands::operand(quantize::Quantizer* quantizer, const Tensor& x,
                                 const Run& run) const {
  if (quantizer == nullptr) return ScaledLevels{x, Tensor::full({1}, 1)};
  const auto mode = run.training ? quantize::Mode::train : quantize::Mode::infer;
  return quantized_operand(*quantizer, x, mode, packed() ? Engine::packed : Engine::simulated,
                           on_grid_);
}

Variable QuantizedOperands::product(const Variable& x, const Variable& w,
                                    const BlockProduct& product, const Run& run) {
  for (quantize::Quantizer* quantizer : {weights_.get(), inputs_.get()}) {
    if (quantizer == nullptr || !run.training) continue;
    quantizer->set_random(run.position.seed, run.stream, run.position.step);
    quantizer->set_epoch(run.position.epoch, run.position.epochs);
  }
  auto qx = std::make_shared<const Value>(operand(inputs_.get(), x.value(), run));
  auto qw = std::make_shared<const Value>(operand(weights_.get(), w.value(), run));
  Tensor y = product.reals(*qx, *qw);

  Work work = product_work(x.shape(), w.shape(), y.shape());
  if (packed()) work.bytes = 0;  // that of bits is small
  Profile::note(work);
  const Random noise(run.position.seed, run.stream, run.position.step, Purpose::gradient_noise);
  return Variable::from_op(
      "quantized_product", std::move(y), {x, w},
      [product, qx, qw, noise, work, weights = weights_, inputs = inputs_, gradients = gradients_](
          Tensor&& dy, std::span<Variable> operands) {
        const auto g = quantized_gradient(gradients.get(), std::move(dy), noise);
        Variable& x = operands[0];
        Variable& w = operands[1];
        if (x.requires_grad()) {
          const Profile::Span span(Phase::input_gradient, work);
          Tensor dx = product.input_gradient(g, *qw, x.shape());
          x.accumulate(inputs ? inputs->backward(x.value(), std::move(dx)) : std::move(dx));
        }
        if (w.requires_grad()) {
          const Profile::Span span(Phase::weight_gradient, work);
          Tensor dw = product.weight_gradient(*qx, g, w.shape());
          w.accumulate(weights ? weights->backward(w.value(), std::move(dw)) : std::move(dw));
        }
      });
}

deploy::Block QuantizedOperands::lower(deploy::Lowering& to, const Tensor& w) const {
  if (inputs_) to.quantize(inputs_->stored_output());
  if (!weights_) {
    if (!inputs_) return float_block(to, w, Variable());
    throw ConfigError(
        "[deploy] float weights on inputs that this layer quantizes have no deployed form");
  }
  deploy::Block block;
  Tensor a;
  block.weights = to.weights(weights_->stored_weights(w), a);
  std::vector<float> scales(a.span().begin(), a.span().end());
  if (to.value().form == deploy::Form::floats && block.weights.coding != deploy::Coding::residual) {
    // y = scale D, D of levels.
    scales = std::exchange(block.weights.scales, {});
  }
  for (int64_t f = 0; f < w.shape()[0]; ++f) {
    block.slope.push_back(scales[scales.size() == 1 ? 0 : static_cast<size_t>(f)]);
  }
  block.offset.assign(block.slope.size(), 0);
  return block;
}

Tensor QuantizedOperands::deployed_weights(const Tensor& w) const {
  return weights_ ? values(weights_->encode(w, quantize::Mode::infer)) : w;
}

std::vector<quantize::Quantizer::State> QuantizedOperands::state() {
  std::vector<quantize::Quantizer::State> all;
  const auto append = [&](const char* prefix, quantize::Quantizer* quantizer) {
    if (quantizer == nullptr) return;
    for (const auto& state : quantizer->state()) all.push_back({prefix + state.name, state.value});
  };
  append("weight_quantizer.", weights_.get());
  append("input_quantizer.", inputs_.get());
  return all;
}

void QuantizedOperands::after_update(Tensor& latent) const {
  if (weights_) weights_->after_update(latent);
}

void QuantizedOperands::describe(const BlockProduct& product, const Shape& weight,
                                 LayerInfo& info) const {
  info.weight_bits = weights_ ? weights_->bits() : 32;
  info.input_bits = inputs_ ? inputs_->bits() : 32;
  const int64_t taps = weight.rank() == 4 ? weight[1] * weight[2] : 1;
  name_engines(product, {weights_.get(), inputs_.get(), engine_, on_grid_, gradient_bits_}, taps,
               weight[0] / product.groups(), info);
  if (weights_) {
    const double bits = weights_->stored_bits() * static_cast<double>(weight.size());
    info.packed_bytes =
        static_cast<int64_t>(bits / 8 + 0.999) + weights_->stored_scales(weight[0]) * 4;
  }
  if (packed()) {
    info.bit_ops = static_cast<double>(info.macs) * info.weight_bits * info.input_bits;
  }
}

}  // namespace fracbit::layers
