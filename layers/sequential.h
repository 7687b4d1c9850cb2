#pragma once

#include <memory>
#include <string>

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// One layer after the other. Names are given or are the numbers 0, 1, 2, ...
class Sequential : public Module {
 public:
  Sequential& add(std::shared_ptr<Module> layer);
  Sequential& add(std::string name, std::shared_ptr<Module> layer);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
};

}  // namespace fracbit::layers
