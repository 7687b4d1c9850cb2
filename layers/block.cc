#include "fracbit/layers/block.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/norm_quantize/evaluation_pass.h"
#include "fracbit/framework/profile.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/operand.h"

namespace fracbit::layers {
namespace {

using ops::BlockActivation;

/// Bytes of an output from which on it is not kept between its uses but made again from D, which
/// the backward pass needs anyway.
constexpr double kWorthForgetting = 32 << 20;
/// Bytes of D from which on the backward pass makes it again, where a first layer can do so as it
/// is read.
constexpr double kWorthMaking = 64 << 20;

Shape weight_shape(const Block::Spec& spec) {
  require_positive("block", "in", spec.in);
  require_positive("block", "out", spec.out);
  if (spec.kind == ProductKind::linear) return {spec.out, spec.in};
  require_positive("block", "kernel", spec.kernel);
  require_positive("block", "stride", spec.stride);
  require_positive("block", "groups", spec.groups);
  if (spec.kind == ProductKind::depthwise) return {spec.out, spec.kernel, spec.kernel, 1};
  return {spec.out, spec.kernel, spec.kernel, spec.in / spec.groups};
}

const char* kind_name(const Block::Spec& spec) {
  switch (spec.kind) {
    case ProductKind::conv2d:
      return spec.quantize_weights || spec.quantized_input ? "quant_conv2d" : "conv2d";
    case ProductKind::depthwise:
      return "depthwise_conv2d";
    case ProductKind::linear:
      break;
  }
  return spec.quantize_weights || spec.quantized_input ? "quant_linear" : "linear";
}

}  // namespace

/// What a backward pass needs besides its inputs.
struct Block::Saved {
  Saved(const BlockProduct& product_of, const Random& noise_of)
      : product(product_of), noise(noise_of) {}

  void backward(Tensor&& dy, std::span<Variable> inputs);
  /// Lets go of a large D that can be made again.
  void forget_sums(const Variable& x, const Variable& w, const Shape& d);
  /// What makes D again, if it was forgotten.
  ops::MakePixels sums_again(const Variable& x, const Variable& w) const {
    if (!forgotten) return {};
    return product.pixels(x.value(), w.value());
  }
  /// Takes D along, which is done with.
  BlockProduct::Gradient product_gradient(ops::NormQuantizeGradient found) const;

  BlockProduct product;
  Value w;  ///< quantized weights; float ones are those of the parameter
  std::shared_ptr<quantize::Quantizer> weights, outputs;
  std::shared_ptr<const quantize::GradientQuantizer> wide;
  ops::NormQuantize norm;
  bool forgotten = false;  ///< whether D is to be made again
  Tensor y;                ///< before A, if backward() of A needs it
  Random noise;
  std::optional<ops::GradientBits> codes;
  Work work, norm_work;
};

void Block::Saved::forget_sums(const Variable& x, const Variable& w, const Shape& d) {
  const bool large = static_cast<double>(d.size()) * sizeof(real) >= kWorthMaking;
  if (!large || weights || !norm.can_forget()) return;
  if (!product.makes_pixels(x.form(), w.form())) return;
  norm.forget();
  forgotten = true;
}

BlockProduct::Gradient Block::Saved::product_gradient(ops::NormQuantizeGradient found) const {
  const Profile::Span span(Phase::norm);
  if (codes) return found.codes(*codes);
  Tensor g = std::move(found).floats();
  if (wide) g = values(wide->simulate(g, noise));
  return g;
}

void Block::Saved::backward(Tensor&& dy, std::span<Variable> inputs) {
  Variable& x = inputs[0];
  Variable& w = inputs[1];
  ops::NormQuantizeGradient found = profiled(Phase::norm, norm_work, [&] {
    if (!y.empty()) dy = outputs->backward(y, std::move(dy));
    return std::move(norm).gradient(std::move(dy), sums_again(x, w));
  });
  inputs[2].accumulate(std::move(found.gamma));
  inputs[3].accumulate(std::move(found.beta));
  Tensor dw;
  if (!x.requires_grad() && !codes && !wide && product.takes_rows(x.form(), w.shape())) {
    const Profile::Span span(Phase::weight_gradient, work);
    dw = product.weight_gradient(x.value(), found.rows(), w.shape());
  } else {
    const BlockProduct::Gradient g = product_gradient(std::move(found));
    dw = profiled(Phase::weight_gradient, work,
                  [&] { return product.weight_gradient(x.form(), g, w.shape()); });
    x.forget();
    if (x.requires_grad()) {
      const Profile::Span span(Phase::input_gradient, work);
      x.accumulate(product.input_gradient(g, weights ? this->w : w.form(), x.shape()));
    }
  }
  w.accumulate(weights ? weights->backward(w.value(), std::move(dw)) : std::move(dw));
}

Block::Block(const Spec& spec)
    : spec_(spec),
      running_mean_(Tensor::zeros({spec.out})),
      running_var_(Tensor::full({spec.out}, 1)) {
  weight_ = add_parameter("weight", weight_shape(spec));
  gamma_ = add_parameter("gamma", {spec.out});
  gamma_.mutable_value().fill(1);
  beta_ = add_parameter("beta", {spec.out});
  add_buffer("running_mean", &running_mean_);
  add_buffer("running_var", &running_var_);

  spec_.quant = quantize::resolved(spec.quant);
  const quantize::Scheme& scheme = quantize::find(spec_.quant.scheme);
  if (spec.quantize_weights) weights_ = scheme.weights(spec_.quant);
  if (spec.quantized_input) inputs_ = scheme.activations(spec_.quant);
  if (spec.quantize_output) outputs_ = scheme.activations(spec_.quant);
  if (outputs_) step_ = outputs_->step();
  on_grid_ = on_grid(spec_.quant);
  if (weights_ && spec_.quant.grad_bits > quantize::GradientQuantizer::kByteBits &&
      spec_.quant.grad_bits < 32) {
    wide_gradients_ = std::make_shared<const quantize::GradientQuantizer>(
        static_cast<int>(spec_.quant.grad_bits));
  }
  if (weights_) {
    weights_->prepare(weight_.shape());
    for (const auto& state : weights_->state()) {
      add_buffer("weight_quantizer." + state.name, state.value);
    }
  }
  if (outputs_) {
    outputs_->prepare({spec.out});
    for (const auto& state : outputs_->state()) {
      add_buffer("output_quantizer." + state.name, state.value);
    }
  }
}

BlockProduct Block::product(const Shape& x) const {
  if (spec_.kind == ProductKind::linear) return {spec_.kind, {}};
  return {spec_.kind,
          convolution_geometry(x, spec_.kernel, spec_.stride, spec_.padding, spec_.groups)};
}

Shape Block::product_shape(const Shape& x) const {
  if (spec_.kind == ProductKind::linear) {
    require_rows("block", x, spec_.in);
    return {x[0], spec_.out};
  }
  ops::Conv2dOptions options =
      convolution_geometry(x, spec_.kernel, spec_.stride, spec_.padding, spec_.groups);
  if (spec_.kind == ProductKind::depthwise) options.groups = spec_.out;
  return ops::conv2d_shape(x, weight_.shape(), options);
}

Value Block::quantized(quantize::Quantizer& quantizer, const Tensor& x) const {
  const auto mode = training() ? quantize::Mode::train : quantize::Mode::infer;
  if (training()) {
    quantizer.set_random(position().seed, stream(), position().step);
    quantizer.set_epoch(position().epoch, position().epochs);
  }
  return quantized_operand(quantizer, x, mode, spec_.engine, on_grid_);
}

ops::NormQuantizeOptions Block::norm_options() const {
  ops::NormQuantizeOptions options{
      .norm = spec_.norm, .pool = spec_.pool, .pool_first = spec_.pool_first};
  options.activation = spec_.activation;
  if (outputs_) {
    options.activation = BlockActivation::identity;
    if (const auto window = outputs_->window()) options.window = *window;
  }
  if (step_) {
    options.activation = step_->activation;
    options.bits = step_->bits;
  }
  return options;
}

Value Block::finish(ops::NormQuantize::Output&& output, Saved& saved) {
  if (auto* codes = std::get_if<ScaledBits>(&output)) {
    if (spec_.engine == Engine::simulated) return decode(*codes);
    return std::move(*codes);
  }
  Tensor& y = std::get<Tensor>(output);
  if (!outputs_) return std::move(y);
  Value codes = quantized(*outputs_, y);
  if (!outputs_->window()) saved.y = std::move(y);
  return codes;
}

bool Block::evaluates_in_place(const Variable& x) const {
  const bool floats = !weights_ && !inputs_ && !outputs_ && !is_quantized(x.form());
  return floats && !training() && !grad_enabled() && !spec_.pool &&
         spec_.kind != ProductKind::linear;
}

Variable Block::evaluate(const Variable& x) {
  const Shape made = product_shape(x.shape());
  ops::EvaluationPass pass(gamma_.value(), beta_.value(), running_mean_, running_var_, spec_.norm,
                           spec_.activation);
  Profile::note(product_work(x.shape(), weight_.shape(), made));
  return Variable(product(x.shape()).forward(x.value(), weight_.value(), pass));
}

Variable Block::forward(const Variable& x) {
  if (evaluates_in_place(x)) return evaluate(x);
  const Shape made = product_shape(x.shape());
  auto saved = std::make_shared<Saved>(product(x.shape()), random(Purpose::gradient_noise));
  saved->work = product_work(x.shape(), weight_.shape(), made);
  if (weights_ && inputs_) saved->work.bytes = 0;  // that of bits is small
  if (weights_) saved->w = quantized(*weights_, weight_.value());
  ops::NormQuantizeInput sums = saved->product.forward(
      x.form(), weights_ ? saved->w : weight_.form(), training() && !spec_.pool_first);
  sums.whole = weights_ && inputs_ && weights_->whole_levels() && inputs_->whole_levels();
  Profile::note(saved->work);
  const Profile::Span in_norm(Phase::norm);
  auto [output, state] =
      ops::NormQuantize::forward(std::move(sums), gamma_.value(), beta_.value(), running_mean_,
                                 running_var_, norm_options(), training());
  Value y = finish(std::move(output), *saved);
  const auto numbers = static_cast<double>(made.size());
  const auto outputs = static_cast<double>(shape_of(y).size());
  Profile::note(memory_work(numbers + outputs));

  saved->norm = std::move(state);
  saved->norm_work = memory_work(2 * numbers + outputs);
  saved->weights = weights_, saved->outputs = outputs_, saved->wide = wide_gradients_;
  if (weights_ && spec_.quant.grad_bits < 32 && !wide_gradients_) {
    saved->codes = {static_cast<int>(spec_.quant.grad_bits), saved->noise};
  }
  saved->forget_sums(x, weight_, made);
  Variable(x).forget();
  std::function<Tensor()> again;
  if (!outputs_ && !spec_.pool && outputs * sizeof(real) >= kWorthForgetting) {
    again = [saved, x, w = weight_] {
      return std::get<Tensor>(saved->norm.output(saved->sums_again(x, w)));
    };
  }
  return Variable::from_op(
      "block", std::move(y), {x, weight_, gamma_, beta_},
      [saved](Tensor&& dy, std::span<Variable> inputs) { saved->backward(std::move(dy), inputs); },
      std::move(again));
}

void Block::name_engines(const Shape& x, LayerInfo& info) const {
  const bool depthwise = spec_.kind == ProductKind::depthwise;
  const int64_t filters = depthwise ? 1 : spec_.out / spec_.groups;
  const int64_t taps = spec_.kind == ProductKind::linear ? 1 : spec_.kernel * spec_.kernel;
  const OperandMakers makers{weights_.get(), inputs_.get(), spec_.engine, on_grid_,
                             spec_.quant.grad_bits};
  layers::name_engines(product(x), makers, taps, filters, info);
}

Shape Block::do_trace(const Shape& x, const std::string& path, std::vector<LayerInfo>& rows) const {
  const Shape y = product_shape(x);
  const int64_t weights = weight_.value().size();
  const int64_t pixels = spec_.kind == ProductKind::linear ? 1 : y[1] * y[2];
  LayerInfo info = float_layer_info(path, kind_name(spec_), y, weights, pixels * weights);
  info.weight_bits = weights_ ? weights_->bits() : 32;
  info.input_bits = inputs_ ? inputs_->bits() : 32;
  name_engines(x, info);
  if (weights_) {
    const double bits = weights_->stored_bits() * static_cast<double>(weights);
    info.packed_bytes =
        static_cast<int64_t>(bits / 8 + 0.999) + weights_->stored_scales(spec_.out) * 4;
    if (inputs_ && spec_.engine == Engine::packed) {
      info.bit_ops = static_cast<double>(info.macs) * info.weight_bits * info.input_bits;
    }
  }
  rows.push_back(info);

  const Shape pooled = spec_.pool ? ops::pool_shape("block", y, *spec_.pool) : y;
  LayerInfo norm = float_layer_info(path + ".norm", "batch_norm", spec_.pool_first ? pooled : y,
                                    2 * spec_.out, 0);
  norm.weights = 0;
  norm.packed_bytes = 16 * spec_.out;  // running statistics as well
  rows.push_back(norm);
  return pooled;
}

void Block::do_initialize(uint64_t seed, uint32_t stream) {
  initialize_uniform(weight_.mutable_value(), weight_.shape().stride0(),
                     {seed, stream, 0, Purpose::initial_weights});
  gamma_.mutable_value().fill(1);
  beta_.mutable_value().fill(0);
  running_mean_.fill(0);
  running_var_.fill(1);
}

void Block::do_after_update() {
  if (weights_) weights_->after_update(weight_.mutable_value());
}

ops::BlockActivation block_activation(std::string_view name) {
  if (name == "identity") return BlockActivation::identity;
  if (name == "relu") return BlockActivation::relu;
  if (name == "clip01") return BlockActivation::clip01;
  if (name == "cabs") return BlockActivation::cabs;
  throw ConfigError("[block] expected identity, relu, clip01 or cabs, got '" + std::string(name) +
                    "'");
}

std::vector<Example> block_examples() {
  std::vector<Example> examples;
  const auto add = [&](const std::string& name, const Block::Spec& spec, const Shape& input) {
    examples.push_back({name, std::make_shared<Block>(spec), input});
  };
  const Shape image{2, 6, 6, 3};
  add("float block", {.in = 3, .out = 4, .pool = ops::PoolOptions{}}, image);
  add("dense block", {.kind = ProductKind::linear, .in = 6, .out = 3}, {4, 6});
  add("depthwise block", {.kind = ProductKind::depthwise, .in = 3, .out = 3}, image);
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    quantize::Spec quant;
    quant.scheme = scheme->name;
    for (const Engine engine : {Engine::packed, Engine::simulated}) {
      add("block " + quant.scheme + (engine == Engine::packed ? " packed" : " simulated"),
          {.in = 3, .out = 4, .quantize_weights = true, .quant = quant, .engine = engine}, image);
    }
  }
  return examples;
}

}  // namespace fracbit::layers
