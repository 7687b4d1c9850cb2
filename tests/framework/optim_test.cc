#include <cmath>
#include <limits>
#include <memory>

#include "fracbit/framework/error.h"
#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/sgd.h"
#include "support/catch.h"

using namespace fracbit;
using optim::Adam;
using optim::Sgd;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Module::NamedParameter> one_parameter(real value) {
  return {{"layer.weight", Variable(Tensor::from({1}, {value}), true)}};
}

/// The parameter after a step with gradient g.
real stepped(optim::Optimizer& optimizer, Variable& w, real g) {
  optimizer.clear_grad();
  w.accumulate(Tensor::from({1}, {g}));
  optimizer.step();
  return w.value()[0];
}

}  // namespace

TEST_CASE("plain SGD moves against gradient and weight decay") {
  auto parameters = one_parameter(2);
  Sgd sgd(parameters, {.lr = 0.5, .weight_decay = 0.25});
  CHECK(stepped(sgd, parameters[0].value, 1) == real(2 - 0.5 * (1 + 0.25 * 2)));
  CHECK(sgd.state().empty());
  CHECK(sgd.steps() == 1);
}

TEST_CASE("momentum adds up, and Nesterov looks ahead") {
  auto parameters = one_parameter(0);
  Sgd sgd(parameters, {.lr = 1, .momentum = 0.5});
  CHECK(stepped(sgd, parameters[0].value, 1) == -1);     // v = 1
  CHECK(stepped(sgd, parameters[0].value, 2) == -3.5f);  // v = 2.5
  auto ahead = one_parameter(0);
  Sgd nesterov(ahead, {.lr = 1, .momentum = 0.5, .nesterov = true});
  CHECK(stepped(nesterov, ahead[0].value, 1) == -1.5f);   // 1 + 0.5 * 1
  CHECK(stepped(nesterov, ahead[0].value, 2) == -4.75f);  // 2 + 0.5 * 2.5
}

TEST_CASE("the first step of Adam is the learning rate in the direction of the gradient") {
  auto parameters = one_parameter(1);
  Adam adam(parameters, {.lr = 0.125, .epsilon = 1e-12});
  CHECK(stepped(adam, parameters[0].value, 1000) == Approx(1 - 0.125));
  auto decayed = one_parameter(1);
  Adam decoupled(decayed, {.lr = 0.125, .epsilon = 1e-12, .weight_decay = 0.5, .decoupled = true});
  CHECK(stepped(decoupled, decayed[0].value, -1) == Approx(1 - 0.125 * 0.5 + 0.125));
  auto l2 = one_parameter(1);
  Adam coupled(l2, {.lr = 0.125, .epsilon = 1e-12, .weight_decay = 0.5});
  CHECK(stepped(coupled, l2[0].value, real(-0.25)) == Approx(1 - 0.125));  // -0.25 + 0.5 > 0
}

TEST_CASE("a parameter without a gradient stays") {
  auto parameters = one_parameter(3);
  Sgd sgd(parameters, {.lr = 1, .momentum = 0.5, .weight_decay = 1});
  sgd.step();
  Adam adam(parameters, {.lr = 1, .weight_decay = 1});
  adam.step();
  CHECK(parameters[0].value.value()[0] == 3);
}

TEST_CASE("state, steps and parameters are all that a resumed optimizer needs") {
  const auto make =
      [](bool use_adam,
         std::vector<Module::NamedParameter> parameters) -> std::unique_ptr<optim::Optimizer> {
    if (use_adam) return std::make_unique<Adam>(std::move(parameters), optim::AdamOptions{});
    return std::make_unique<Sgd>(std::move(parameters), optim::SgdOptions{.momentum = 0.9});
  };
  for (const bool use_adam : {false, true}) {
    auto whole = one_parameter(1);
    const auto first = make(use_adam, whole);
    stepped(*first, whole[0].value, real(0.3));
    auto resumed = one_parameter(whole[0].value.value()[0]);
    const auto second = make(use_adam, resumed);
    const auto from = first->state();
    const auto to = second->state();
    REQUIRE(from.size() == (use_adam ? 2u : 1u));
    for (size_t i = 0; i < from.size(); ++i) {
      CHECK(from[i].name == to[i].name);
      CHECK(from[i].name.rfind("layer.weight.", 0) == 0);
      *to[i].value = *from[i].value;
    }
    second->set_steps(first->steps());
    CHECK(stepped(*first, whole[0].value, real(-0.7)) ==
          stepped(*second, resumed[0].value, real(-0.7)));
  }
}

TEST_CASE("optimizers refuse settings out of range") {
  for (const double lr : {-0.1, kNan, kInfinity}) {
    CHECK_THROWS_AS(Sgd(one_parameter(0), {.lr = lr}), ConfigError);
    CHECK_THROWS_AS(Adam(one_parameter(0), {.lr = lr}), ConfigError);
  }
  for (const double bad : {-0.1, 1.0, kNan}) {
    CHECK_THROWS_AS(Sgd(one_parameter(0), {.momentum = bad}), ConfigError);
    CHECK_THROWS_AS(Adam(one_parameter(0), {.beta1 = bad}), ConfigError);
    CHECK_THROWS_AS(Adam(one_parameter(0), {.beta2 = bad}), ConfigError);
  }
  for (const double bad : {-0.1, kNan, kInfinity}) {
    CHECK_THROWS_AS(Sgd(one_parameter(0), {.weight_decay = bad}), ConfigError);
    CHECK_THROWS_AS(Adam(one_parameter(0), {.weight_decay = bad}), ConfigError);
    CHECK_THROWS_AS(Adam(one_parameter(0), {.epsilon = bad}), ConfigError);
  }
  CHECK_THROWS_AS(Adam(one_parameter(0), {.epsilon = 0}), ConfigError);
  CHECK_THROWS_AS(Sgd(one_parameter(0), {.nesterov = true}), ConfigError);
  Sgd sgd(one_parameter(0), {});
  CHECK_THROWS_AS(sgd.set_lr(-1), ConfigError);
  CHECK_THROWS_AS(sgd.set_steps(-1), ConfigError);
}
