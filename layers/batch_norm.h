#pragma once

#include "fracbit/framework/module.h"

namespace fracbit::layers {

/// y = gamma (x - mean) / sqrt(var + eps) + beta per channel, the last axis. Training uses the
/// batch's mean and biased variance and moves the running ones, v <- momentum v + (1 - momentum)
/// v_batch; evaluation uses the running ones.
///
/// Shapes   x [..., channels] -> y of the same shape; weight (gamma), bias (beta), running_mean,
/// running_var [channels] Throws   ShapeError if the last axis of x is not `channels`; ConfigError
/// if a Spec field is out of range Paper    Ioffe and Szegedy 2015, Batch Normalization
class BatchNorm : public Module {
 public:
  struct Spec {
    int64_t channels = 0;
    double eps = 1e-5;
    double momentum = 0.9;
  };
  explicit BatchNorm(const Spec& spec);

 protected:
  Variable forward(const Variable& x) override;
  Shape do_trace(const Shape& x, const std::string& path,
                 std::vector<LayerInfo>& rows) const override;
  void do_lower(deploy::Lowering& to) const override;
  void do_initialize(uint64_t seed, uint32_t stream) override;

 private:
  Spec spec_;
  Variable gamma_;
  Variable beta_;
  Tensor running_mean_;
  Tensor running_var_;
};

}  // namespace fracbit::layers
