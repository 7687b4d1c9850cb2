#include "fracbit/framework/optim/optimizer.h"

#include <cmath>
#include <sstream>
#include <utility>

#include "fracbit/framework/error.h"

namespace fracbit::optim {

Optimizer::Optimizer(std::vector<Module::NamedParameter> parameters, double lr)
    : parameters_(std::move(parameters)) {
  set_lr(lr);
}

void Optimizer::clear_grad() {
  for (Module::NamedParameter& parameter : parameters_) parameter.value.clear_grad();
}

void Optimizer::set_lr(double lr) {
  require_setting(std::isfinite(lr) && lr >= 0, "optimizer", "a finite learning rate >= 0", lr);
  lr_ = lr;
}

void Optimizer::set_steps(int64_t steps) {
  require_setting(steps >= 0, "optimizer", "a step count >= 0", static_cast<double>(steps));
  steps_ = steps;
}

std::vector<Tensor> Optimizer::zeros_like_parameters() const {
  std::vector<Tensor> all;
  for (const Module::NamedParameter& parameter : parameters_) {
    all.push_back(Tensor::zeros(parameter.value.shape()));
  }
  return all;
}

void Optimizer::append_state(const char* what, std::vector<Tensor>& tensors,
                             std::vector<State>& into) const {
  for (size_t i = 0; i < tensors.size(); ++i) {
    into.push_back({join_path(parameters_[i].name, what), &tensors[i]});
  }
}

void require_setting(bool ok, const char* op, const char* what, double value) {
  if (ok) return;
  std::ostringstream message;
  message << "[" << op << "] expects " << what << ", got " << value;
  throw ConfigError(message.str());
}

}  // namespace fracbit::optim
