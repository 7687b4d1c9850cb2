#include "fracbit/framework/ops/scale.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace fracbit;

namespace {

/// The worked example of the scale layer.
nlohmann::json scale_layer_case() {
  const char* root = std::getenv("FRACBIT_SOURCE_ROOT");
  std::ifstream file(std::string(root != nullptr ? root : ".") +
                     "/tests/golden/vectors/residual.json");
  REQUIRE(file);
  const nlohmann::json all = nlohmann::json::parse(file);
  for (const nlohmann::json& example : all["cases"]) {
    if (example["op"] == "residual.scale_layer") return example;
  }
  FAIL("residual.json has no scale_layer");
  return {};
}

Tensor tensor(const nlohmann::json& list) {
  return Tensor::from({static_cast<int64_t>(list.size())}, list.get<std::vector<real>>());
}

void check_near(const Tensor& got, const Tensor& expected, double tolerance) {
  REQUIRE(got.shape() == expected.shape());
  for (int64_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).margin(tolerance));
}

}  // namespace

TEST_CASE("the scale layer computes its worked example") {
  const nlohmann::json example = scale_layer_case();
  const double tolerance = example["tol_abs"];
  const Variable x(tensor(example["inputs"]["x"]), true);
  const Variable s(Tensor::from({1}, {example["params"]["s"].get<real>()}), true);
  Variable y = ops::scale(x, s);
  check_near(y.value(), tensor(example["expected"]["y"]), tolerance);
  y.backward(tensor(example["inputs"]["dy"]));
  check_near(x.grad(), tensor(example["expected"]["dx"]), tolerance);
  CHECK(s.grad()[0] == Approx(example["expected"]["ds"].get<double>()).margin(tolerance));
}
