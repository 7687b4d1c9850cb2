#pragma once

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// Training: every element is 0 with probability p, else multiplied by 1 / (1 - p). Evaluation:
/// nothing. The choice depends on seed, step, layer and element alone.
///
/// Throws   ConfigError unless 0 <= p < 1
/// Paper    Srivastava et al. 2014, Dropout
class Dropout : public Module {
 public:
  explicit Dropout(double p);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;

 private:
  double p_;
};

}  // namespace fracbit::layers
