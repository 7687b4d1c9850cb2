#pragma once

#include "fracbit/framework/variable.h"

namespace fracbit::ops {

/// Settings of batch normalisation.
struct BatchNormOptions {
  double eps = 1e-5;      ///< added to the variance; > 0
  double momentum = 0.9;  ///< running = momentum running + (1 - momentum) batch; in [0, 1]
};

/// y = gamma (x - mean) / sqrt(var + eps) + beta, per channel of the last axis.
///
/// Training normalises with mean and biased variance (divided by n) of all values of the channel in
/// the batch, and moves the running statistics towards the mean and the *unbiased* variance
/// (divided by n - 1), as PyTorch does. Evaluation normalises with the running statistics and
/// leaves them.
///
/// Shapes   x [..., C] of rank >= 2; gamma, beta, running_mean, running_var [C]; y like x
/// Throws   ShapeError if shapes do not fit or training sees fewer than two values per channel;
///          ConfigError if an option is out of range
/// Paper    Ioffe and Szegedy 2015, Algorithm 1
Variable batch_norm(const Variable& x, const Variable& gamma, const Variable& beta,
                    Tensor& running_mean, Tensor& running_var, const BatchNormOptions& options,
                    bool training);

}  // namespace fracbit::ops
