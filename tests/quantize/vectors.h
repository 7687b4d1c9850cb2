#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit::tests {

/// The cases of tests/golden/vectors/<name>.json, by id.
std::vector<nlohmann::json> vector_cases(const std::string& name);
/// One of them; fails the test if there is none.
nlohmann::json vector_case(const std::string& file, const std::string& id);

/// Nested lists to a flat list of numbers.
std::vector<double> flat(const nlohmann::json& nested);
/// Nested lists to a tensor of the same axes.
Tensor tensor(const nlohmann::json& nested);
/// [F][Cin][KH][KW] or [N][C][H][W] lists to a channel-last tensor; other ranks as they are.
Tensor channel_last(const nlohmann::json& nested);

/// Every element within `tolerance` of the expected one.
void check_near(const Tensor& got, const Tensor& expected, double tolerance);
/// Every element equal.
void check_equal(const Tensor& got, const Tensor& expected);

}  // namespace fracbit::tests
