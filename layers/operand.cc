#include "fracbit/layers/operand.h"

#include <algorithm>

namespace fracbit::layers {

bool on_grid(const quantize::Spec& spec) {
  const quantize::Scheme& scheme = quantize::find(spec.scheme);
  const auto grid = [](const auto& quantizer) { return quantizer ? quantizer->grid() : 1; };
  const auto [least, most] =
      std::minmax({grid(scheme.weights(spec)), grid(scheme.activations(spec))});
  return least > 0 && most > 1;
}

Value quantized_operand(quantize::Quantizer& quantizer, const Tensor& x, quantize::Mode mode,
                        Engine engine, bool on_grid) {
  if (engine == Engine::simulated) return quantizer.simulate(x, mode);
  if (on_grid) return quantizer.encode_ints(x, mode);
  return quantizer.encode(x, mode);
}

void name_engines(const BlockProduct& product, const OperandMakers& makers, int64_t taps,
                  int64_t group_filters, LayerInfo& info) {
  if (!makers.weights && !makers.inputs) return;
  info.engine = "float on levels";
  if (!makers.weights || !makers.inputs || makers.engine == Engine::simulated) return;
  // The kind of a product follows from a few elements of each operand.
  const Tensor elements = Tensor::zeros({2, 1});
  const auto few = [&](quantize::Quantizer& quantizer) {
    return quantized_operand(quantizer, elements, quantize::Mode::infer, makers.engine,
                             makers.on_grid);
  };
  const Value inputs = few(*makers.inputs);
  const Value weights = few(*makers.weights);
  info.engine = BlockProduct::name(inputs, weights, taps, group_filters);
  if (makers.gradient_bits > quantize::GradientQuantizer::kByteBits) return;
  const int bits = static_cast<int>(makers.gradient_bits);
  info.input_gradient = product.input_gradient_name(weights, bits);
  info.weight_gradient = product.weight_gradient_name(inputs, bits);
}

}  // namespace fracbit::layers
