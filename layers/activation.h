#pragma once

#include <string_view>

#include "fracbit/framework/module.h"
#include "fracbit/quantize/deploy/model.h"

namespace fracbit::layers {

/// An elementwise function without parameters.
///   "relu" max(0, x) · "clip01" min(1, max(0, x)) · "cabs" min(1, |x|) · "hard-tanh" min(1,
///   max(-1, x))
/// Throws   ConfigError for another name
class Activation : public Module {
 public:
  explicit Activation(std::string_view function);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;

 private:
  Variable (*function_)(const Variable& x);
  deploy::Activation deployed_;
};

/// y = x for x > 0, slope[c] x otherwise; the slopes are trained and start at 0.25.
///
/// Shapes   x [..., channels]; weight [channels]
/// Paper    He et al. 2015, Delving Deep into Rectifiers
class PRelu : public Module {
 public:
  struct Spec {
    int64_t channels = 0;
    real initial = real{0.25};
  };
  explicit PRelu(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;

 private:
  Spec spec_;
  Variable slope_;
};

}  // namespace fracbit::layers
