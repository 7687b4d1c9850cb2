#pragma once

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// y = s x with one trained number s, for networks whose last layer is binarized.
///
/// Paper    Tang, Hua, Wang 2017, How to Train a Compact Binary Neural Network; initial value 0.001
class Scale : public Module {
 public:
  explicit Scale(real initial = static_cast<real>(0.001));

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;

 private:
  real initial_;
  Variable scale_;
};

}  // namespace fracbit::layers
