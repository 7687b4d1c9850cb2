#pragma once

#include "fracbit/framework/module.h"
#include "fracbit/framework/value.h"
#include "fracbit/layers/block_product.h"
#include "fracbit/layers/engine.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::layers {

/// Whether the products of a scheme are those of integers of a grid: the operands that it quantizes
/// have one, and one of them more than signs, which bits are faster for.
bool on_grid(const quantize::Spec& spec);

/// An operand in the form that the engine computes on: levels, integers of the grid, or bitplanes.
Value quantized_operand(quantize::Quantizer& quantizer, const Tensor& x, quantize::Mode mode,
                        Engine engine, bool on_grid);

/// What makes the operands of a product; null: floats.
struct OperandMakers {
  quantize::Quantizer* weights;
  quantize::Quantizer* inputs;
  Engine engine;
  bool on_grid;
  double gradient_bits;
};

/// Fills in what computes the product and its two gradients, each filter being `taps` windows of
/// channels, with so many filters to a group. Leaves `info` alone where nothing is quantized.
void name_engines(const BlockProduct& product, const OperandMakers& makers, int64_t taps,
                  int64_t group_filters, LayerInfo& info);

}  // namespace fracbit::layers
