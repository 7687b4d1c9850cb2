#include <cstring>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/parallel.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

/// The output and the gradients of all inputs.
std::vector<Tensor> results(const ops::OpExample& example, int thread_count) {
  set_threads(thread_count);
  std::vector<Variable> inputs;
  for (const Tensor& input : example.inputs) inputs.emplace_back(input, true);
  Variable y = example.apply(inputs);
  std::vector<Tensor> all{y.value()};
  y.backward(ops::example_tensor(y.shape(), 99, -1, 1));
  for (const Variable& input : inputs) all.push_back(input.grad());
  set_threads(0);
  return all;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(real)) == 0;
}

}  // namespace

TEST_CASE("every op gives the same bits for any number of threads") {
  for (const auto& [op, examples] : ops::op_examples()) {
    for (const ops::OpExample& example : examples.large) {
      const std::vector<Tensor> one = results(example, 1);
      for (const int count : {2, 3, 8}) {
        const std::vector<Tensor> many = results(example, count);
        for (size_t i = 0; i < one.size(); ++i) {
          CAPTURE(op, example.name, count, i);
          CHECK(same_bits(one[i], many[i]));
        }
      }
    }
  }
}

TEST_CASE("every op refuses inputs that do not fit") {
  for (const auto& [op, examples] : ops::op_examples()) {
    for (const ops::OpExample& example : examples.refused) {
      std::vector<Variable> inputs;
      for (const Tensor& input : example.inputs) inputs.emplace_back(input, true);
      CAPTURE(op, example.name);
      CHECK_THROWS_AS(example.apply(inputs), ShapeError);
    }
  }
}
