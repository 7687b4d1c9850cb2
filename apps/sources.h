#pragma once

#include <string>
#include <string_view>

#include "fracbit/apps/settings.h"

namespace fracbit::apps {

/// Reads the options of a TOML text; relative paths start from `folder`. `name` is what messages
/// call it. Throws ConfigError with name and line: no TOML, an unknown key (with the nearest known
/// one), a value of another type or out of range. Keys of options that only other commands take are
/// checked and left aside, so that one file serves all commands.
void apply_toml(Settings& settings, std::string_view toml, const std::string& name,
                const std::string& folder, Rank rank);

/// Reads a file for apply_toml(). Throws ConfigError if it is no readable regular file.
void apply_config_file(Settings& settings, const std::string& path);

/// Reads FRACBIT_<OPTION> for every option of the command. Warns on stderr about variables of that
/// form that are no option. Throws ConfigError.
void apply_environment(Settings& settings);

/// The command line after the command's name.
struct Flags {
  bool help = false;
  std::vector<std::string> configs;
  std::string recipe;
  struct Given {
    const Option* option;
    std::string text;
  };
  std::vector<Given> given;
  std::vector<std::string> arguments;
};
/// Throws ConfigError: unknown option (with the nearest known one), missing value.
Flags read_flags(const Command& command, int argc, const char* const* argv);

/// Everything in order: recipe, --config files, environment, flags.
Settings resolve(const Command& command, const Flags& flags);

}  // namespace fracbit::apps
