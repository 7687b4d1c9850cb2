#include "fracbit/quantize/quantizer.h"

#include "fracbit/framework/error.h"

namespace fracbit::quantize {

ScaledInts Quantizer::encode_ints(const Tensor&, Mode) {
  throw ConfigError("[quantizer] the levels of this quantizer are not small integers");
}

int64_t Quantizer::stored_scales(int64_t) const {
  return 1;
}

void Quantizer::prepare(const Shape&) {}

void Quantizer::after_update(Tensor&) const {}

void Quantizer::set_random(uint64_t, uint32_t, uint64_t) {}
void Quantizer::set_epoch(int64_t, int64_t) {}

deploy::StoredWeights Quantizer::stored_weights(const Tensor& w) {
  return {encode(w, Mode::infer)};
}

deploy::StoredOutput Quantizer::stored_output() const {
  throw ConfigError("[deploy] activations with scales of each sample have no deployed form");
}

}  // namespace fracbit::quantize
