#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fracbit/apps/options.h"

namespace fracbit::apps {

/// The value of an option; std::monostate while it has none.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>,
                           std::vector<double>>;

/// Reads a flag, an environment variable or a default. Throws ConfigError "WHERE: expects ..., got
/// ..." if the text is of another type, out of range or no choice of the option.
Value parse(const Option& option, std::string_view text, std::string_view where);
/// Throws ConfigError like parse().
void check(const Option& option, const Value& value, std::string_view where);

/// As a TOML value, which parse() or a TOML reader turns into the same value again.
std::string to_toml(const Value& value);
/// "a whole number from 1 to 65536", "one of sgd, adam": what an option accepts.
std::string expectation(const Option& option);
/// "from 1 to 65536", "0 or more".
std::string range_text(const Option& option);
/// Shortest text that reads back as the same number.
std::string shortest(double number);

}  // namespace fracbit::apps
