#include "fracbit/framework/profile.h"

#include <chrono>
#include <memory>

#include "fracbit/layers/linear.h"
#include "fracbit/layers/sequential.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

const Profile::Row* find(Profile& profile, const std::string& layer) {
  for (const Profile::Row& row : profile.rows()) {
    if (row.layer == layer) return &row;
  }
  return nullptr;
}

const Profile::Cost& cost(Profile& profile, const std::string& layer, Phase phase) {
  const Profile::Row* row = find(profile, layer);
  REQUIRE(row != nullptr);
  return row->phases[static_cast<size_t>(phase)];
}

/// A linear layer of 3 inputs and 4 outputs inside another sequence.
std::shared_ptr<Module> network() {
  auto inner = std::make_shared<layers::Sequential>();
  inner->add("fc", std::make_shared<layers::Linear>(layers::Linear::Spec{.in = 3, .out = 4}));
  auto net = std::make_shared<layers::Sequential>();
  net->add("inner", inner);
  net->initialize(1);
  return net;
}

void step(Module& net) {
  Variable y = net(Variable(Tensor::full({5, 3}, 1), true));
  y.backward(Tensor::full({5, 4}, 1));
}

}  // namespace

TEST_CASE("profile: a step charges the work of its products to layer and phase") {
  const auto net = network();
  Profile profile;
  step(*net);
  for (const Phase phase : {Phase::forward, Phase::input_gradient, Phase::weight_gradient}) {
    CAPTURE(phase_name(phase));
    CHECK(cost(profile, "inner.fc", phase).work.macs == 60);
    CHECK(cost(profile, "inner.fc", phase).work.bytes == sizeof(real) * (15 + 12 + 20));
    CHECK(cost(profile, "inner.fc", phase).seconds > 0);
  }
  CHECK(cost(profile, "inner.fc", Phase::norm).seconds == 0);
  CHECK(cost(profile, "inner", Phase::weight_gradient).seconds == 0);
  step(*net);
  CHECK(cost(profile, "inner.fc", Phase::forward).work.macs == 120);
}

TEST_CASE("profile: every moment belongs to one row, the innermost one") {
  const auto start = std::chrono::steady_clock::now();
  Profile profile;
  {
    const Profile::Layer layer("a");
    const Profile::Span data(Phase::data, memory_work(2));
    const Profile::Layer inner("b");
    const Profile::Span norm(Phase::norm);
    Profile::note({7, 0});
  }
  double sum = 0;
  for (const Profile::Row& row : profile.rows()) {
    for (const Profile::Cost& cost : row.phases) sum += cost.seconds;
  }
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  CHECK(sum > 0);
  CHECK(sum <= all.count());
  CHECK(cost(profile, "a", Phase::data).work.bytes == 2 * sizeof(real));
  CHECK(cost(profile, "a.b", Phase::norm).work.macs == 7);
  CHECK(cost(profile, "a.b", Phase::forward).seconds == 0);
}

TEST_CASE(
    "profile: a graph made outside goes back in the row of no layer, an inner one takes over") {
  const auto net = network();
  Variable y = (*net)(Variable(Tensor::full({5, 3}, 1), true));
  Profile outer;
  {
    Profile inner;
    step(*net);
    CHECK(find(inner, "inner.fc") != nullptr);
  }
  y.backward(Tensor::full({5, 4}, 1));
  CHECK(find(outer, "inner.fc") == nullptr);
  CHECK(cost(outer, "", Phase::weight_gradient).work.macs == 60);
}
