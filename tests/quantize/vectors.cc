#include "vectors.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "support/catch.h"

namespace fracbit::tests {
namespace {

void append(const nlohmann::json& nested, std::vector<double>& into) {
  if (nested.is_array()) {
    for (const nlohmann::json& part : nested) append(part, into);
  } else {
    into.push_back(nested.get<double>());
  }
}

}  // namespace

std::vector<nlohmann::json> vector_cases(const std::string& name) {
  const char* root = std::getenv("FRACBIT_SOURCE_ROOT");
  const std::string path =
      std::string(root != nullptr ? root : ".") + "/tests/golden/vectors/" + name + ".json";
  std::ifstream file(path);
  INFO(path);
  REQUIRE(file.good());
  return nlohmann::json::parse(file).at("cases").get<std::vector<nlohmann::json>>();
}

nlohmann::json vector_case(const std::string& file, const std::string& id) {
  for (const nlohmann::json& one : vector_cases(file)) {
    if (one.at("id") == id) return one;
  }
  FAIL("no case " << id << " in " << file);
  return {};
}

std::vector<double> flat(const nlohmann::json& nested) {
  std::vector<double> values;
  append(nested, values);
  return values;
}

Tensor tensor(const nlohmann::json& nested) {
  std::vector<int64_t> extents;
  for (const nlohmann::json* level = &nested; level->is_array(); level = &level->at(0)) {
    extents.push_back(static_cast<int64_t>(level->size()));
  }
  Tensor result = Tensor::uninitialized(Shape(std::span<const int64_t>(extents)));
  const std::vector<double> values = flat(nested);
  for (int64_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<real>(values[static_cast<size_t>(i)]);
  }
  return result;
}

Tensor channel_last(const nlohmann::json& nested) {
  const Tensor from = tensor(nested);
  const Shape& s = from.shape();
  if (s.rank() != 4) return from;
  Tensor to = Tensor::uninitialized({s[0], s[2], s[3], s[1]});
  int64_t i = 0;
  for (int64_t n = 0; n < s[0]; ++n) {
    for (int64_t c = 0; c < s[1]; ++c) {
      for (int64_t p = 0; p < s[2] * s[3]; ++p) {
        to[(n * s[2] * s[3] + p) * s[1] + c] = from[i++];
      }
    }
  }
  return to;
}

void check_near(const Tensor& got, const Tensor& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  for (int64_t i = 0; i < got.size(); ++i) {
    INFO("element " << i << ": got " << got[i] << ", expected " << expected[i]);
    CHECK(std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) <= tolerance);
  }
}

void check_equal(const Tensor& got, const Tensor& expected) {
  REQUIRE(got.size() == expected.size());
  for (int64_t i = 0; i < got.size(); ++i) {
    INFO("element " << i);
    CHECK(got[i] == expected[i]);
  }
}

}  // namespace fracbit::tests
