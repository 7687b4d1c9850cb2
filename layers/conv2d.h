#pragma once

#include "fracbit/layers/geometry.h"

namespace fracbit::layers {

/// y = conv2d(x, w) + bias in floats.
///
/// Shapes   x [N, H, W, in] -> y [N, H', W', out]; weight [out, kernel, kernel, in / groups], bias
/// [out] Throws   ShapeError if x does not fit or the kernel is larger than the padded image;
/// ConfigError if a Spec field is out of range
class Conv2d : public Module {
 public:
  struct Spec {
    int64_t in = 0;
    int64_t out = 0;
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t padding = kSame;
    int64_t groups = 1;
    bool bias = false;
  };
  explicit Conv2d(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;

 private:
  Spec spec_;
  Variable weight_;
  Variable bias_;
};

}  // namespace fracbit::layers
