#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace golden {

using Json = nlohmann::json;

/// The cases of tests/golden/data/<file>.json, read once. Fails the test if the file is not there.
const Json& cases(const std::string& file);

/// {"shape": [...], "values": [...]}
fracbit::Tensor tensor(const Json& json);
std::vector<int32_t> labels(const Json& json);

/// Checks shape, and each element against `tolerance` times the largest magnitude expected: a sum's
/// rounding error is relative to its terms, not to what is left of them.
void check_close(const fracbit::Tensor& got, const Json& expected, double tolerance,
                 const std::string& what);

}  // namespace golden
