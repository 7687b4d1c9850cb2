#include "fracbit/framework/optim/sgd.h"

#include <cmath>
#include <utility>

#include "fracbit/framework/parallel.h"

namespace fracbit::optim {
namespace {

constexpr int64_t kGrain = 1 << 14;

struct Rates {
  real lr;
  real momentum;
  real weight_decay;
};

void update_plain(real* __restrict w, const real* __restrict g, int64_t n, Rates rates) {
  for (int64_t i = 0; i < n; ++i) w[i] -= rates.lr * (g[i] + rates.weight_decay * w[i]);
}

template <bool kNesterov>
void update_momentum(real* __restrict w, const real* __restrict g, real* __restrict v, int64_t n,
                     Rates rates) {
  for (int64_t i = 0; i < n; ++i) {
    const real d = g[i] + rates.weight_decay * w[i];
    v[i] = rates.momentum * v[i] + d;
    w[i] -= rates.lr * (kNesterov ? d + rates.momentum * v[i] : v[i]);
  }
}

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
  const Rates rates{static_cast<real>(lr()), static_cast<real>(options_.momentum),
                    static_cast<real>(options_.weight_decay)};
  for (size_t i = 0; i < parameters().size(); ++i) {
    Variable& parameter = parameters()[i].value;
    if (parameter.grad().empty()) continue;
    const real* g = parameter.grad().data();
    real* w = parameter.mutable_value().data();
    real* v = momentum_.empty() ? nullptr : momentum_[i].data();
    parallel_for(parameter.value().size(), kGrain, [=, this](int64_t begin, int64_t end) {
      if (v == nullptr) {
        update_plain(w + begin, g + begin, end - begin, rates);
      } else if (options_.nesterov) {
        update_momentum<true>(w + begin, g + begin, v + begin, end - begin, rates);
      } else {
        update_momentum<false>(w + begin, g + begin, v + begin, end - begin, rates);
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
