#include "fracbit/framework/optim/sgd.h"

#include <cmath>
#include <utility>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/update/update.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::optim {
namespace {

constexpr int64_t kGrain = 1 << 14;

}  // namespace

Sgd::Sgd(std::vector<Module::NamedParameter> parameters, const SgdOptions& options)
    : Optimizer(std::move(parameters), options.lr), options_(options) {
  require_setting(options.momentum >= 0 && options.momentum < 1, "sgd", "momentum in [0, 1)",
                  options.momentum);
  require_setting(!options.nesterov || options.momentum > 0, "sgd",
                  "momentum > 0 for Nesterov's form", options.momentum);
  require_setting(std::isfinite(options.weight_decay) && options.weight_decay >= 0, "sgd",
                  "a finite weight decay >= 0", options.weight_decay);
  if (options.momentum > 0) momentum_ = zeros_like_parameters();
}

void Sgd::step() {
  count_step();
  const auto& kernel = kernels::update::find(isa_name(active_isa()).data());
  const auto moved = options_.nesterov ? kernel.nesterov : kernel.momentum;
  const kernels::update::SgdRates rates{.lr = static_cast<real>(lr()),
                                        .momentum = static_cast<real>(options_.momentum),
                                        .weight_decay = static_cast<real>(options_.weight_decay)};
  for (size_t i = 0; i < parameters().size(); ++i) {
    Variable& parameter = parameters()[i].value;
    if (parameter.grad().empty()) continue;
    const real* g = parameter.grad().data();
    real* w = parameter.mutable_value().data();
    real* v = momentum_.empty() ? nullptr : momentum_[i].data();
    parallel_for(parameter.value().size(), kGrain, [&](int64_t begin, int64_t end) {
      if (v == nullptr) {
        kernel.sgd(w + begin, g + begin, end - begin, rates);
      } else {
        moved(w + begin, g + begin, v + begin, end - begin, rates);
      }
    });
  }
}

std::vector<Optimizer::State> Sgd::state() {
  std::vector<State> all;
  append_state("momentum", momentum_, all);
  return all;
}

}  // namespace fracbit::optim
