#pragma once

#include <memory>

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// y = body(x) + shortcut(x); without a shortcut layer, y = body(x) + x.
///
/// Throws   ShapeError if the two shapes differ
/// Paper    He et al. 2016, Deep Residual Learning
class Residual : public Module {
 public:
  explicit Residual(std::shared_ptr<Module> body, std::shared_ptr<Module> shortcut = nullptr);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
};

}  // namespace fracbit::layers
