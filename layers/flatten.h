#pragma once

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// [N, ...] -> [N, elements per sample], in channel-last order.
class Flatten : public Module {
 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
};

}  // namespace fracbit::layers
