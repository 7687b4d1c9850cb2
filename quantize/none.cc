#include "fracbit/quantize/option.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::quantize {
namespace {

std::unique_ptr<Quantizer> float_weights(const Spec& spec) {
  only_float("weight-bits", spec.scheme, spec.weight_bits);
  only_float("grad-bits", spec.scheme, spec.grad_bits);  // no layer would quantize them
  return nullptr;
}

}  // namespace

namespace catalogue {

extern const Scheme none;
constinit const Scheme none = {
    .name = "none",
    .summary = "float weights and activations",
    .paper = "",
    .default_weight_bits = 32,
    .default_act_bits = 32,
    .weights = float_weights,
    .activations = float_activations,
    .order = BlockOrder::conv_bn_pool_act,
};

}  // namespace catalogue
}  // namespace fracbit::quantize
