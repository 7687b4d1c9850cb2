#include "fracbit/layers/linear.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {

void require_rows(const char* layer, const Shape& x, int64_t in) {
  if (x.rank() == 2 && x[1] == in) return;
  throw ShapeError("[" + std::string(layer) + "] expects [N, " + std::to_string(in) + "], got " +
                   to_string(x));
}

Linear::Linear(const Spec& spec) : spec_(spec) {
  require_positive("linear", "in", spec.in);
  require_positive("linear", "out", spec.out);
  weight_ = add_parameter("weight", {spec.out, spec.in});
  if (spec.bias) bias_ = add_parameter("bias", {spec.out});
}

Variable Linear::forward(const Variable& x) {
  require_rows("linear", x.shape(), spec_.in);
  return ops::linear(x, weight_, bias_);
}

Shape Linear::do_trace(const Shape& x, const std::string& path,
                       std::vector<LayerInfo>& rows) const {
  require_rows("linear", x, spec_.in);
  const Shape y{x[0], spec_.out};
  const int64_t weights = spec_.in * spec_.out;
  rows.push_back(
      float_layer_info(path, "linear", y, weights + (spec_.bias ? spec_.out : 0), weights));
  return y;
}

void Linear::do_initialize(uint64_t seed, uint32_t stream) {
  initialize_uniform(weight_.mutable_value(), spec_.in,
                     {seed, stream, 0, Purpose::initial_weights});
  if (spec_.bias) {
    initialize_uniform(bias_.mutable_value(), spec_.in,
                       {seed, stream, 1, Purpose::initial_weights});
  }
}

void Linear::do_lower(deploy::Lowering& to) const {
  require_rows("linear", to.shape(), spec_.in);
  to.add(float_block(to, weight_.value(), bias_), {});
}

std::vector<Example> linear_examples() {
  return {{"linear", std::make_shared<Linear>(Linear::Spec{.in = 5, .out = 3}), {4, 5}},
          {"linear without bias",
           std::make_shared<Linear>(Linear::Spec{.in = 5, .out = 3, .bias = false}),
           {4, 5}}};
}

}  // namespace fracbit::layers
