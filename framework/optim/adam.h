#pragma once

#include <vector>

#include "fracbit/framework/optim/optimizer.h"

namespace fracbit::optim {

struct AdamOptions {
  double lr = 0.001;        ///< finite, >= 0
  double beta1 = 0.9;       ///< [0, 1)
  double beta2 = 0.999;     ///< [0, 1)
  double epsilon = 1e-8;    ///< finite, > 0
  double weight_decay = 0;  ///< finite, >= 0
  bool decoupled = false;  ///< AdamW: the decay shrinks w by itself instead of joining the gradient
};

/// Adam, and AdamW if decoupled, in PyTorch's arithmetic, with t = steps() counted from 1:
///
///   d = g + weight_decay w (decoupled: d = g, w *= 1 - lr weight_decay)
///   m = beta1 m + (1 - beta1) d;  v = beta2 v + (1 - beta2) d^2
///   w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
///
/// State "first_moment" and "second_moment", zero at first.
/// Throws ConfigError if an option is out of range.
/// Paper    Kingma and Ba 2015, Algorithm 1; Loshchilov and Hutter 2019 (decoupled)
class Adam : public Optimizer {
 public:
  Adam(std::vector<Module::NamedParameter> parameters, const AdamOptions& options);

  void step() override;
  std::vector<State> state() override;

 private:
  AdamOptions options_;
  std::vector<Tensor> first_;
  std::vector<Tensor> second_;
};

}  // namespace fracbit::optim
