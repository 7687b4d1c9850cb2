#include "fracbit/layers/sequential.h"

#include "fracbit/layers/flatten.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/linear.h"

namespace fracbit::layers {

Sequential& Sequential::add(std::shared_ptr<Module> layer) {
  return add(std::to_string(children().size()), std::move(layer));
}

Sequential& Sequential::add(std::string name, std::shared_ptr<Module> layer) {
  add_child(std::move(name), std::move(layer));
  return *this;
}

Variable Sequential::forward(const Variable& x) {
  Variable value = x;
  for (const Child& child : children()) value = call_child(child, value);
  return value;
}

Shape Sequential::do_trace(const Shape& x, const std::string& path,
                           std::vector<LayerInfo>& rows) const {
  Shape shape = x;
  for (const Child& child : children()) shape = trace_child(child, shape, path, rows);
  return shape;
}

void Sequential::do_lower(deploy::Lowering& to) const {
  for (const Child& child : children()) lower_child(child, to);
}

std::vector<Example> sequential_examples() {
  auto net = std::make_shared<Sequential>();
  net->add(std::make_shared<Flatten>())
      .add("fc", std::make_shared<Linear>(Linear::Spec{.in = 6, .out = 2}));
  return {{"sequential", net, {3, 2, 3}}};
}

}  // namespace fracbit::layers
