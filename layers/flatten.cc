#include "fracbit/layers/flatten.h"

#include "fracbit/framework/ops/reshape.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

Variable Flatten::forward(const Variable& x) {
  return ops::flatten(x);
}

Shape Flatten::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  return {x[0], x.stride0()};
}

void Flatten::do_lower(deploy::Lowering& to) const {
  to.flatten();
}

std::vector<Example> flatten_examples() {
  return {{"flatten", std::make_shared<Flatten>(), {2, 3, 4, 5}}};
}

}  // namespace fracbit::layers
