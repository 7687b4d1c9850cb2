// What every layer of the catalogue must do.
#include <cstring>
#include <string>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/layers/layers.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(real)) == 0;
}

std::vector<Tensor> state_of(Module& module) {
  std::vector<Tensor> all;
  for (const auto& parameter : module.parameters()) all.push_back(parameter.value.value());
  for (const auto& buffer : module.buffers()) all.push_back(*buffer.value);
  return all;
}

void restore(Module& module, const std::vector<Tensor>& state) {
  size_t next = 0;
  for (auto& parameter : module.parameters()) parameter.value.mutable_value() = state[next++];
  for (const auto& buffer : module.buffers()) *buffer.value = state[next++];
}

/// Output, input gradient, parameter gradients and buffers after one training step.
std::vector<Tensor> training_step(const layers::Example& example, int thread_count) {
  set_threads(thread_count);
  Module& module = *example.module;
  module.train();
  module.set_position({7, 3});
  const Variable x(ops::example_tensor(example.input, 5, -1.5, 1.5), true);
  Variable y = module(x);
  std::vector<Tensor> results{y.value()};
  y.backward(ops::example_tensor(y.shape(), 9, -1, 1));
  results.push_back(x.grad());
  for (auto& parameter : module.parameters()) {
    results.push_back(parameter.value.grad());
    parameter.value.clear_grad();
  }
  for (const auto& buffer : module.buffers()) results.push_back(*buffer.value);
  set_threads(0);
  return results;
}

template <typename Check>
void for_each_example(const Check& check) {
  for (const layers::Entry& entry : layers::catalogue()) {
    const std::vector<layers::Example> examples = entry.examples();
    REQUIRE_FALSE(examples.empty());
    for (const layers::Example& example : examples) {
      CAPTURE(entry.name, example.name);
      example.module->initialize(11);
      check(example);
    }
  }
}

}  // namespace

TEST_CASE("trace() foretells the shape of forward()") {
  for_each_example([](const layers::Example& example) {
    std::vector<LayerInfo> rows;
    const Shape traced = example.module->trace(example.input, rows);
    const NoGrad guard;
    CHECK((*example.module)(Variable(ops::example_tensor(example.input, 5))).shape() == traced);
    int64_t counted = 0;
    int64_t held = 0;
    for (const LayerInfo& row : rows) counted += row.parameters;
    for (const auto& parameter : example.module->parameters())
      held += parameter.value.value().size();
    CHECK(counted == held);
  });
}

TEST_CASE("evaluation changes nothing and repeats itself") {
  for_each_example([](const layers::Example& example) {
    training_step(example, 1);
    example.module->eval();
    const std::vector<Tensor> before = state_of(*example.module);
    const NoGrad guard;
    const Variable x(ops::example_tensor(example.input, 6));
    const Tensor first = (*example.module)(x).value();
    CHECK(same_bits(first, (*example.module)(x).value()));
    const std::vector<Tensor> after = state_of(*example.module);
    for (size_t i = 0; i < before.size(); ++i) CHECK(same_bits(before[i], after[i]));
  });
}

TEST_CASE("state put back gives the same step again, for any number of threads") {
  for_each_example([](const layers::Example& example) {
    const std::vector<Tensor> state = state_of(*example.module);
    const std::vector<Tensor> expected = training_step(example, 1);
    for (const int count : {1, 2, 3, 8}) {
      restore(*example.module, state);
      const std::vector<Tensor> again = training_step(example, count);
      REQUIRE(again.size() == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) CHECK(same_bits(expected[i], again[i]));
    }
  });
}
