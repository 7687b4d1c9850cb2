#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fracbit/framework/module.h"

namespace fracbit::optim {

/// Moves parameters against their gradients. Holds state per parameter, which a checkpoint stores
/// under state() names together with steps(). A *shared identity*: not copyable.
class Optimizer {
 public:
  /// Throws ConfigError as set_lr.
  Optimizer(std::vector<Module::NamedParameter> parameters, double lr);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update of every parameter that has a gradient. Same bits for any number of threads.
  virtual void step() = 0;
  /// Drops the gradients of all parameters.
  void clear_grad();

  double lr() const { return lr_; }
  /// Throws ConfigError unless lr is finite and not negative.
  void set_lr(double lr);

  /// A tensor of the optimizer: "<parameter>.<what>", "features.0.weight.momentum".
  struct State {
    std::string name;
    Tensor* value;
  };
  virtual std::vector<State> state() { return {}; }
  /// Updates so far; with the state tensors, all that a resumed run needs.
  int64_t steps() const { return steps_; }
  /// Throws ConfigError if negative.
  void set_steps(int64_t steps);

 protected:
  std::vector<Module::NamedParameter>& parameters() { return parameters_; }
  void count_step() { ++steps_; }
  /// One tensor of zeros per parameter.
  std::vector<Tensor> zeros_like_parameters() const;
  /// Names `tensors` (one per parameter) "<parameter>.<what>".
  void append_state(const char* what, std::vector<Tensor>& tensors, std::vector<State>& into) const;

 private:
  std::vector<Module::NamedParameter> parameters_;
  double lr_ = 0;
  int64_t steps_ = 0;
};

/// Throws ConfigError "[op] expects <what>, got <value>" unless `ok`.
void require_setting(bool ok, const char* op, const char* what, double value);

}  // namespace fracbit::optim
