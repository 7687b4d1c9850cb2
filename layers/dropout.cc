#include "fracbit/layers/dropout.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/dropout.h"
#include "fracbit/layers/layers.h"

namespace fracbit::layers {

Dropout::Dropout(double p) : p_(p) {
  if (!(p >= 0 && p < 1))
    throw ConfigError("[dropout] p: expected 0 <= p < 1, got " + std::to_string(p));
}

Variable Dropout::forward(const Variable& x) {
  if (!training() || p_ == 0) return x;
  return ops::dropout(x, p_, random(Purpose::dropout));
}

Shape Dropout::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  return x;
}

void Dropout::do_lower(deploy::Lowering&) const {}

std::vector<Example> dropout_examples() {
  return {{"dropout", std::make_shared<Dropout>(0.5), {4, 6}}};
}

}  // namespace fracbit::layers
