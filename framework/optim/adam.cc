#include "fracbit/framework/optim/adam.h"

#include <cmath>
#include <utility>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/update/update.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::optim {
namespace {

constexpr int64_t kGrain = 1 << 14;

kernels::update::AdamRates rates_of(const AdamOptions& options, double lr, int64_t t) {
  const auto steps = static_cast<double>(t);
  const double decay = options.weight_decay;
  return {.step_size = static_cast<real>(lr / (1 - std::pow(options.beta1, steps))),
          .shrink = static_cast<real>(options.decoupled ? 1 - lr * decay : 1),
          .l2 = static_cast<real>(options.decoupled ? 0 : decay),
          .beta1 = static_cast<real>(options.beta1),
          .beta2 = static_cast<real>(options.beta2),
          .fresh1 = static_cast<real>(1 - options.beta1),
          .fresh2 = static_cast<real>(1 - options.beta2),
          .second_scale = static_cast<real>(std::sqrt(1 - std::pow(options.beta2, steps))),
          .epsilon = static_cast<real>(options.epsilon)};
}

}  // namespace

Adam::Adam(std::vector<Module::NamedParameter> parameters, const AdamOptions& options)
    : Optimizer(std::move(parameters), options.lr), options_(options) {
  require_setting(options.beta1 >= 0 && options.beta1 < 1, "adam", "beta1 in [0, 1)",
                  options.beta1);
  require_setting(options.beta2 >= 0 && options.beta2 < 1, "adam", "beta2 in [0, 1)",
                  options.beta2);
  require_setting(std::isfinite(options.epsilon) && options.epsilon > 0, "adam",
                  "a finite epsilon > 0", options.epsilon);
  require_setting(std::isfinite(options.weight_decay) && options.weight_decay >= 0, "adam",
                  "a finite weight decay >= 0", options.weight_decay);
  first_ = zeros_like_parameters();
  second_ = zeros_like_parameters();
}

void Adam::step() {
  count_step();
  const auto& kernel = kernels::update::find(isa_name(active_isa()).data());
  const kernels::update::AdamRates rates = rates_of(options_, lr(), steps());
  for (size_t i = 0; i < parameters().size(); ++i) {
    Variable& parameter = parameters()[i].value;
    if (parameter.grad().empty()) continue;
    const real* g = parameter.grad().data();
    real* w = parameter.mutable_value().data();
    real* m = first_[i].data();
    real* v = second_[i].data();
    parallel_for(parameter.value().size(), kGrain, [&](int64_t begin, int64_t end) {
      kernel.adam(w + begin, g + begin, m + begin, v + begin, end - begin, rates);
    });
  }
}

std::vector<Optimizer::State> Adam::state() {
  std::vector<State> all;
  append_state("first_moment", first_, all);
  append_state("second_moment", second_, all);
  return all;
}

}  // namespace fracbit::optim
