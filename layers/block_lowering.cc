#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/layers/block.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {
namespace {

using ops::BlockActivation;

deploy::Activation activation_of(BlockActivation h) {
  switch (h) {
    case BlockActivation::relu:
      return deploy::Activation::relu;
    case BlockActivation::clip01:
      return deploy::Activation::clip01;
    case BlockActivation::cabs:
      return deploy::Activation::cabs;
    default:
      return deploy::Activation::none;
  }
}

deploy::Window window_of(const ops::PoolOptions& pool, bool before_norm) {
  if (pool.padding_begin != 0 || pool.padding_end != 0) {
    throw ConfigError("[deploy] a pool with padding has no deployed form in a block");
  }
  return {pool.kernel, pool.stride, before_norm};
}

}  // namespace

// The constants of the expression that NormQuantize evaluates: y = float(D) s + t.
void Block::do_lower(deploy::Lowering& to) const {
  product_shape(to.shape());
  deploy::Block block;
  Tensor a = Tensor::full({1}, 1);
  block.weights = weights_ ? to.weights(weights_->stored_weights(weight_.value()), a)
                           : to.weights(weight_.value());
  if (spec_.kind != ProductKind::linear) {
    ops::Conv2dOptions options =
        convolution_geometry(to.shape(), spec_.kernel, spec_.stride, spec_.padding, spec_.groups);
    if (spec_.kind == ProductKind::depthwise) options.groups = spec_.out;
    set_geometry(options, block);
  }
  for (int64_t c = 0; c < spec_.out; ++c) {
    const double deviation = std::sqrt(static_cast<double>(running_var_[c]) + spec_.norm.eps);
    const double slope = gamma_.value()[c] * (1 / deviation);
    const real scale = a[a.size() == 1 ? 0 : c];
    block.slope.push_back(static_cast<float>(slope * scale));
    block.offset.push_back(static_cast<float>(beta_.value()[c] - running_mean_[c] * slope));
  }
  if (spec_.pool) block.window = window_of(*spec_.pool, spec_.pool_first);
  deploy::StoredOutput output;
  if (outputs_) {
    output = outputs_->stored_output();
  } else {
    output.output.activation = activation_of(spec_.activation);
  }
  to.add(std::move(block), output);
}

Tensor Block::deployed_value(const NamedParameter& own) const {
  if (!weights_ || own.name != "weight") return own.value.value();
  return values(weights_->encode(own.value.value(), quantize::Mode::infer));
}

}  // namespace fracbit::layers
