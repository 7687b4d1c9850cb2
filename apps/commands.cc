#include "fracbit/apps/command.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"

#include <vector>

namespace fracbit::apps {

std::span<const Command* const> commands() {
#define FRACBIT_ADDRESS(name) &name##_command,
  static constexpr const Command* kCommands[] = {FRACBIT_COMMANDS(FRACBIT_ADDRESS)};
#undef FRACBIT_ADDRESS
  return kCommands;
}

const Command& find_command(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command* command : commands()) {
    if (command->name == name) return *command;
    names.push_back(command->name);
  }
  throw ConfigError("command: there is no '" + std::string(name) + "'" + nearest_hint(name, names) +
                    "; see fracbit --help");
}

}  // namespace fracbit::apps
