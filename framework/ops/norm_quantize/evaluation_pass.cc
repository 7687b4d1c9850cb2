#include "fracbit/framework/ops/norm_quantize/evaluation_pass.h"

#include <cassert>
#include <cmath>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/finish/finish.h"
#include "fracbit/framework/kernels/norm/norm.h"
#include "fracbit/framework/ops/norm_quantize/activation.h"

namespace fracbit::ops {
namespace {

namespace norm = kernels::norm;

/// The kernel takes the last channels of a pixel twice where they fill no vector of this many.
constexpr int64_t kLanes = 16;

}  // namespace

EvaluationPass::EvaluationPass(const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                               const Tensor& running_var, const BatchNormOptions& options,
                               BlockActivation activation)
    : scale_(Tensor::uninitialized(gamma.shape())),
      shift_(Tensor::uninitialized(gamma.shape())),
      activation_(activation) {
  for (int64_t c = 0; c < gamma.size(); ++c) {
    const double inverse = 1 / std::sqrt(static_cast<double>(running_var[c]) + options.eps);
    const double slope = gamma[c] * inverse;
    scale_[c] = static_cast<real>(slope);
    shift_[c] = static_cast<real>(beta[c] - running_mean[c] * slope);
  }
  const norm::Activation h = activation_of(activation);
  if (h.two_sided) return;
  finish_ = std::make_unique<kernels::Finish>(kernels::Finish{.scale = scale_.data(),
                                                              .shift = shift_.data(),
                                                              .low = h.low,
                                                              .high = h.high,
                                                              .stream = false});
}

EvaluationPass::~EvaluationPass() = default;

void EvaluationPass::start(int64_t, [[maybe_unused]] int64_t channels) {
  assert(channels == scale_.size());
}

void EvaluationPass::add(int64_t, real* first, int64_t pixels) {
  const auto& passes = norm::passes<real>(norm::find(isa_name(active_isa()).data()));
  const int64_t channels = scale_.size();
  std::vector<real> copy;
  if (channels % kLanes != 0) copy.assign(first, first + pixels * channels);
  const norm::Run<real> run{copy.empty() ? first : copy.data(), 0, pixels, channels};
  passes.values(run, {scale_.data(), shift_.data()}, activation_of(activation_), first);
}

}  // namespace fracbit::ops
