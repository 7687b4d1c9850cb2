#include "fracbit/layers/residual.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/add.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/layers.h"

namespace fracbit::layers {

Residual::Residual(std::shared_ptr<Module> body, std::shared_ptr<Module> shortcut) {
  add_child("body", std::move(body));
  if (shortcut) add_child("shortcut", std::move(shortcut));
}

Variable Residual::forward(const Variable& x) {
  const Variable y = call_child(children()[0], x);
  return ops::add(y, children().size() == 1 ? x : call_child(children()[1], x));
}

Shape Residual::do_trace(const Shape& x, const std::string& path,
                         std::vector<LayerInfo>& rows) const {
  const Shape body = trace_child(children()[0], x, path, rows);
  const Shape shortcut = children().size() == 1 ? x : trace_child(children()[1], x, path, rows);
  if (body != shortcut) {
    throw ShapeError("[residual] body gives " + to_string(body) + ", shortcut " +
                     to_string(shortcut));
  }
  return body;
}

std::vector<Example> residual_examples() {
  const auto conv = [](int64_t out, int64_t stride) {
    return std::make_shared<Conv2d>(Conv2d::Spec{.in = 2, .out = out, .stride = stride});
  };
  return {
      {"residual", std::make_shared<Residual>(conv(2, 1)), {1, 4, 4, 2}},
      {"residual with shortcut", std::make_shared<Residual>(conv(3, 2), conv(3, 2)), {1, 4, 4, 2}}};
}

}  // namespace fracbit::layers
