#pragma once

#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/quantize/deploy/lowering.h"

namespace fracbit::layers {

/// Puts stride, padding and groups into a deployed block.
inline void set_geometry(const ops::Conv2dOptions& options, deploy::Block& block) {
  block.stride = options.stride;
  block.padding_begin = options.padding_begin;
  block.padding_end = options.padding_end;
  block.groups = options.groups;
}

/// A product of floats, with a bias if there is one.
inline deploy::Block float_block(const deploy::Lowering& to, const Tensor& weight,
                                 const Variable& bias) {
  deploy::Block block;
  block.weights = to.weights(weight);
  if (!bias.defined()) return block;
  for (const real b : bias.value().span()) block.bias.push_back(static_cast<float>(b));
  return block;
}

}  // namespace fracbit::layers
