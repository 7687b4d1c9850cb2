#include "fracbit/quantize/deploy/lowering.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/fold.h"
#include "fracbit/quantize/deploy/stored_planes.h"

namespace fracbit::deploy {
namespace {

Model empty_model(const Shape& input) {
  if ((input.rank() != 4 && input.rank() != 2) || input[0] != 1) {
    throw ShapeError("[lowering] expects images [1, H, W, C] or rows [1, K], got " +
                     to_string(input));
  }
  Model model;
  model.channels = input.back();
  if (input.rank() == 2) return model;
  model.height = input[1];
  model.width = input[2];
  return model;
}

std::vector<float> floats(const Tensor& values) {
  std::vector<float> made;
  for (const real value : values.span()) made.push_back(static_cast<float>(value));
  return made;
}

/// Bytes that the thresholds of a filter take, at most.
int64_t threshold_bytes(const Block& block, const Value& x) {
  const int64_t largest = largest_sum(block, x);
  const int64_t each = largest > 0 && largest < INT16_MAX ? 2 : 4;
  const int64_t sides = block.output.activation == Activation::cabs ? 2 : 1;
  return each * sides * ((int64_t{1} << block.output.bits) - 1);
}

/// Puts thresholds in place of a normalisation where they take no more than its two floats.
void fold_block(const Value& x, Block& block) {
  constexpr int64_t kNormBytes = 8;
  if (block.slope.empty() || !folds(block.output)) return;
  if (threshold_bytes(block, x) > kNormBytes) return;
  block.thresholds = fold(block.output, block.slope, block.offset, largest_sum(block, x));
  block.slope.clear();
  block.offset.clear();
}

}  // namespace

Lowering::Lowering(const Shape& input, bool untrained, FloatWeights float_weights)
    : model_(empty_model(input)),
      tracer_(model_),
      before_last_(tracer_),
      untrained_(untrained),
      float_weights_(float_weights),
      flat_(input.rank() == 2) {}

Shape Lowering::shape() const {
  const Value& x = value();
  if (flat_) return {1, x.size()};
  return {1, x.height, x.width, x.channels};
}

Weights Lowering::extents(const Shape& shape) const {
  Weights w;
  w.filters = shape[0];
  if (shape.rank() == 4) {
    w.kernel_height = shape[1];
    w.kernel_width = shape[2];
    w.channels = shape[3];
  } else {
    w.kernel_height = value().height;
    w.kernel_width = value().width;
    w.channels = value().channels;
  }
  if (shape != Shape{w.filters, w.kernel_height, w.kernel_width, w.channels} &&
      shape != Shape{w.filters, value().size()}) {
    throw ShapeError("[lowering] expects weights for images " + to_string(this->shape()) +
                     ", got " + to_string(shape));
  }
  return w;
}

Weights Lowering::weights(const Tensor& values) const {
  Weights w = extents(values.shape());
  w.values = floats(values);
  if (float_weights_ == FloatWeights::int8 && value().form == Form::floats) {
    store_bytes(std::exchange(w.values, {}), w);
  }
  return w;
}

Weights Lowering::weights(const StoredWeights& stored, Tensor& a) {
  Weights w = extents(stored.bits.bits.shape());
  Tensor scales = stored.bits.scales;
  store_planes(stored.bits.bits, w);
  if (!stored.levels.empty()) {
    w.coding = Coding::grid;
    for (const real level : stored.levels.span()) {
      w.levels.push_back(static_cast<int16_t>(level));
    }
    scales = stored.steps;
    signs_to_grid();
  } else if (value().form == Form::grid && w.coding == Coding::codes && w.bits == 1) {
    one_term_grid(w);
  }
  w.unit = mask_unit(w);
  Block probe;
  probe.weights = w;
  a = Tensor::full({1}, 1);
  if (is_exact(probe, value())) {
    a = Tensor::uninitialized({scales.size()});
    for (int64_t f = 0; f < a.size(); ++f) a[f] = scale_ * scales[f];
  } else {
    w.scales = floats(scales);
  }
  return w;
}

Output* Lowering::last_output() {
  if (model_.ops.empty()) return nullptr;
  if (auto* block = std::get_if<Block>(&model_.ops.back())) return &block->output;
  if (auto* quantize = std::get_if<Quantize>(&model_.ops.back())) return &quantize->output;
  return nullptr;
}

void Lowering::change_last(const Output& output) {
  *last_output() = output;
  tracer_ = before_last_;
  tracer_.add(model_.ops.back());
}

/// +-1 as integers of a grid of one term.
void Lowering::signs_to_grid() {
  if (value().form != Form::signs) return;
  Output output;
  output.form = Form::grid;
  output.bits = 1;
  output.scales = {1};
  output.levels = {1};
  change_last(output);
}

void Lowering::add(const Op& op) {
  const Tracer before = tracer_;
  tracer_.add(op);
  before_last_ = before;
  model_.ops.push_back(op);
  scale_ = 1;
  flat_ = flat_ || std::holds_alternative<GlobalMean>(op);
}

void Lowering::require_trained(const StoredOutput& output) const {
  if (output.trained || untrained_) return;
  throw ConfigError("[lowering] expects activations that have seen a batch of training");
}

void Lowering::add(Block block, const StoredOutput& output) {
  require_trained(output);
  block.output = output.output;
  add(Op(std::move(block)));
  scale_ = output.scale;
}

void Lowering::quantize(const StoredOutput& output) {
  require_trained(output);
  const Output* last = last_output();
  if (last != nullptr && *last == Output{}) {
    change_last(output.output);
  } else {
    add(Quantize{output.output});
  }
  scale_ = output.scale;
}

Model Lowering::finish() && {
  const std::vector<Value> values = trace(model_);
  for (size_t i = 0; i < model_.ops.size(); ++i) {
    if (auto* block = std::get_if<Block>(&model_.ops[i])) fold_block(values[i], *block);
  }
  return std::move(model_);
}

}  // namespace fracbit::deploy
