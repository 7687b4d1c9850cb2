#include "fracbit/layers/scale.h"

#include "fracbit/framework/ops/scale.h"
#include "fracbit/layers/geometry.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

Scale::Scale(real initial) : initial_(initial), scale_(add_parameter("weight", {1})) {
  scale_.mutable_value().fill(initial);
}

Variable Scale::forward(const Variable& x) {
  return ops::scale(x, scale_);
}

Shape Scale::do_trace(const Shape& x, const std::string& path, std::vector<LayerInfo>& rows) const {
  LayerInfo info = float_layer_info(path, "scale", x, 1, 0);
  info.weights = 0;
  rows.push_back(info);
  return x;
}

void Scale::do_initialize(uint64_t, uint32_t) {
  scale_.mutable_value().fill(initial_);
}

void Scale::do_lower(deploy::Lowering& to) const {
  to.add(deploy::Scale{static_cast<float>(scale_.value()[0])});
}

std::vector<Example> scale_examples() {
  return {{"scale", std::make_shared<Scale>(real{0.5}), {2, 3}}};
}

}  // namespace fracbit::layers
