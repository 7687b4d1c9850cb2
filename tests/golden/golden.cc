#include "golden/golden.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>

#include "support/catch.h"

namespace golden {

const Json& cases(const std::string& file) {
  static std::map<std::string, Json> files;
  if (const auto known = files.find(file); known != files.end()) return known->second;
  const char* root = std::getenv("FRACBIT_SOURCE_ROOT");
  REQUIRE(root != nullptr);
  const std::string path = std::string(root) + "/tests/golden/data/" + file + ".json";
  std::ifstream in(path);
  INFO("reading " << path);
  REQUIRE(in.good());
  return files[file] = Json::parse(in).at("cases");
}

fracbit::Tensor tensor(const Json& json) {
  const auto extents = json.at("shape").get<std::vector<int64_t>>();
  const auto values = json.at("values").get<std::vector<fracbit::real>>();
  return fracbit::Tensor::from(fracbit::Shape(extents), values);
}

std::vector<int32_t> labels(const Json& json) {
  return json.get<std::vector<int32_t>>();
}

void check_close(const fracbit::Tensor& got, const Json& expected, double tolerance,
                 const std::string& what) {
  const auto values = expected.at("values").get<std::vector<double>>();
  const auto extents = expected.at("shape").get<std::vector<int64_t>>();
  INFO(what);
  REQUIRE(got.shape() == fracbit::Shape(extents));
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  double worst = 0;
  size_t where = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double error = std::abs(static_cast<double>(got[static_cast<int64_t>(i)]) - values[i]);
    if (!(error <= worst)) {
      worst = error;
      where = i;
    }
  }
  INFO("element " << where << ": got " << got[static_cast<int64_t>(where)] << ", expected "
                  << values[where]);
  CHECK(worst <= tolerance * largest);
}

}  // namespace golden
