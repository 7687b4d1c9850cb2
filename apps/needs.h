#pragma once

#include <string_view>
#include <vector>

#include "fracbit/apps/options.h"

namespace fracbit::apps {

/// When an option has a meaning: always, or only with some values of another one.
struct Needs {
  std::string_view option;  ///< empty: always
  std::vector<std::string_view> values;
};
/// Option::needs, spelled out. For "quant" the catalogue of schemes says which of them read it.
Needs needs_of(const Option& option);

/// "--quant residual|hbnn"
std::string to_string(const Needs& needs);

}  // namespace fracbit::apps
