#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fracbit::apps {

class Settings;

/// What a command leaves behind: its result for people and for programs, and the exit code.
struct Result {
  std::string text;
  std::string json;
  int exit_code = 0;
};

/// One command of the program.
struct Command {
  std::string_view name;
  std::string_view summary;         ///< one line for `fracbit --help`
  std::string_view arguments = "";  ///< "FILE IMAGE..."
  unsigned takes = 0;               ///< its bit in Option::takes
  size_t min_arguments = 0;
  size_t max_arguments = 0;
  std::string_view notes = "";     ///< paragraph under the usage line
  std::string_view examples = "";  ///< one a line
  /// Throws Error; writes nothing to stdout.
  Result (*run)(const Settings& settings) = nullptr;
};

/// All commands in the order of the help.
std::span<const Command* const> commands();
/// Throws ConfigError that names the nearest known one.
const Command& find_command(std::string_view name);

}  // namespace fracbit::apps
