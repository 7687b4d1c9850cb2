#pragma once

#include <memory>

#include "fracbit/framework/ops/norm_quantize.h"
#include "fracbit/framework/ops/pixel_pass.h"

namespace fracbit::ops {

/// y = h(D s + t) over the pixels of D, with the running statistics: the bits that NormQuantize
/// gives in evaluation for floats without pool and codes.
class EvaluationPass : public PixelPass {
 public:
  /// Shapes   gamma, beta, running_mean, running_var [C]
  EvaluationPass(const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                 const Tensor& running_var, const BatchNormOptions& norm,
                 BlockActivation activation);
  ~EvaluationPass() override;

  void start(int64_t blocks, int64_t channels) override;
  void add(int64_t block, real* first, int64_t pixels) override;
  /// Null where h is of |y|.
  const kernels::Finish* finish() const override { return finish_.get(); }

 private:
  Tensor scale_;  ///< s
  Tensor shift_;  ///< t
  BlockActivation activation_;
  std::unique_ptr<const kernels::Finish> finish_;
};

}  // namespace fracbit::ops
