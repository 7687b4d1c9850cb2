#pragma once

#include "fracbit/layers/geometry.h"

namespace fracbit::layers {

/// y = x w^T + bias in floats.
///
/// Shapes   x [N, in] -> y [N, out]; weight [out, in], bias [out]
/// Throws   ShapeError if x is not [N, in]; ConfigError if a Spec field is not positive
class Linear : public Module {
 public:
  struct Spec {
    int64_t in = 0;
    int64_t out = 0;
    bool bias = true;
  };
  explicit Linear(const Spec& spec);

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

/// Throws ShapeError "[layer] expects [N, in], got ..." unless x is [N, in].
void require_rows(const char* layer, const Shape& x, int64_t in);

}  // namespace fracbit::layers
