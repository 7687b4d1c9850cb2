#include <string>
#include <string_view>

#include "fracbit/apps/command.h"
#include "fracbit/apps/console.h"
#include "fracbit/apps/exit_code.h"
#include "fracbit/apps/help.h"
#include "fracbit/apps/print_config.h"
#include "fracbit/apps/sources.h"
#include "fracbit/framework/version.h"

namespace fracbit::apps {
namespace {

int run_command(int argc, const char* const* argv) {
  const Command& command = find_command(argv[0]);
  const Flags flags = read_flags(command, argc, argv);
  if (flags.help) {
    write_stdout(command_help(command));
    return kDone;
  }
  Settings settings = resolve(command, flags);
  if (command.complete != nullptr) command.complete(settings);
  settings.check_needs();
  Result result;
  if (settings.flag("print-config")) {
    result = {config_toml(settings), config_json(settings)};
  } else {
    result = command.run(settings);
  }
  write_stdout(settings.flag("json") ? result.json : result.text);
  return result.exit_code;
}

int run(int argc, const char* const* argv) {
  if (argc < 2) throw ConfigError("command: expects one, got none; see fracbit --help");
  const std::string_view first = argv[1];
  if (first == "--help" || first == "-h" || first == "help") {
    write_stdout(program_help());
    return kDone;
  }
  if (first == "--version") {
    write_stdout(std::string("fracbit ") + version() + "\n");
    return kDone;
  }
  return run_command(argc - 1, argv + 1);
}

}  // namespace
}  // namespace fracbit::apps

int main(int argc, char** argv) {
  fracbit::apps::prepare_streams();
  return fracbit::apps::guarded([&] { return fracbit::apps::run(argc, argv); });
}
