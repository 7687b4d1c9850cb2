#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apps/catalogue.inc"

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
  /// Chooses the defaults that depend on other options; null if there are none. Throws Error.
  void (*complete)(Settings& settings) = nullptr;
  /// Throws Error; writes nothing to stdout.
  Result (*run)(const Settings& settings) = nullptr;
};

/// The commands of meson.build, each defined in the file of its name.
#define FRACBIT_DECLARE(name) extern const Command name##_command;
FRACBIT_COMMANDS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE

/// All commands in the order of the help.
std::span<const Command* const> commands();
/// Throws ConfigError that names the nearest known one.
const Command& find_command(std::string_view name);

}  // namespace fracbit::apps
