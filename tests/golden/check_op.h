#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fracbit/framework/variable.h"
#include "golden/golden.h"

namespace golden {

/// Largest error of an op's values and gradients, relative to the largest magnitude.
constexpr double kOpTolerance = 1e-5;

using Inputs = std::span<const fracbit::Variable>;
using Apply = std::function<fracbit::Variable(const Json& example, Inputs inputs)>;

/// Runs `apply` over all cases of an op: inputs by name (left undefined where a case has none),
/// result y, gradients "d" + name from dy, or from 1 for a loss.
void check_op(const std::string& op, const std::vector<std::string>& names, const Apply& apply);

}  // namespace golden
