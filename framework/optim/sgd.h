#pragma once

#include <vector>

#include "fracbit/framework/optim/optimizer.h"

namespace fracbit::optim {

struct SgdOptions {
  double lr = 0.01;         ///< finite, >= 0
  double momentum = 0;      ///< [0, 1)
  bool nesterov = false;    ///< needs momentum > 0
  double weight_decay = 0;  ///< finite, >= 0: L2, added to the gradient
};

/// Stochastic gradient descent in PyTorch's arithmetic:
///
///   d = g + weight_decay w;  v = momentum v + d;  w -= lr v, or lr (d + momentum v) with Nesterov
///
/// v starts at zero. State "momentum", if there is one.
/// Throws ConfigError if an option is out of range.
class Sgd : public Optimizer {
 public:
  Sgd(std::vector<Module::NamedParameter> parameters, const SgdOptions& options);

  void step() override;
  std::vector<State> state() override;

 private:
  SgdOptions options_;
  std::vector<Tensor> momentum_;
};

}  // namespace fracbit::optim
