#pragma once

#include <string>

#include "fracbit/apps/command.h"

namespace fracbit::apps {

/// `fracbit --help`: the commands with one line each.
std::string program_help();
/// `fracbit COMMAND --help`: usage, options in groups with default, range and unit, examples and
/// exit codes.
std::string command_help(const Command& command);

}  // namespace fracbit::apps
