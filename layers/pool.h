#pragma once

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// Pooling over windows of images [N, H, W, C] -> [N, H', W', C], H' = (H + 2 padding - kernel) /
/// stride + 1 rounded down. max: the largest value, padding never wins; average: the mean over the
/// window, padding counts as 0.
///
/// Throws   ShapeError if x is not rank 4 or the window is larger than the padded image;
/// ConfigError for a Spec out of range
class Pool : public Module {
 public:
  enum class Kind { max, average };
  struct Spec {
    Kind kind = Kind::max;
    int64_t kernel = 2;
    int64_t stride = 2;
    int64_t padding = 0;
  };
  explicit Pool(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;

 private:
  Spec spec_;
};

/// Mean over height and width: [N, H, W, C] -> [N, C]. Throws ShapeError if x is not rank 4.
class GlobalAvgPool : public Module {
 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
};

}  // namespace fracbit::layers
