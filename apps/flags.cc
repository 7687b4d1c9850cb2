#include <cxxopts.hpp>

#include "fracbit/apps/sources.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::apps {
namespace {

[[noreturn]] void unknown_flag(const Command& command, std::string flag) {
  flag = flag.substr(0, flag.find('='));
  const std::string_view bare = std::string_view(flag).substr(flag.starts_with("--") ? 2 : 1);
  const Option* elsewhere = find_option(bare);
  if (elsewhere != nullptr) {
    throw ConfigError(flag + ": " + std::string(command.name) + " has no such option");
  }
  std::string hint = nearest(bare, option_names(command.takes));
  if (!hint.empty()) hint = " (nearest: --" + hint + ")";
  throw ConfigError(flag + ": unknown option" + hint + "; see fracbit " +
                    std::string(command.name) + " --help");
}

void declare(const Command& command, cxxopts::Options& parser) {
  auto add = parser.add_options();
  for (const Option& option : options()) {
    if ((option.takes & command.takes) == 0) continue;
    const std::string name(option.name);
    auto value = cxxopts::value<std::string>();
    if (option.type == Type::flag) value->implicit_value("true");
    add(name == "help" ? "h,help" : name, std::string(option.help), value);
  }
  add("arguments", "", cxxopts::value<std::vector<std::string>>());
  parser.parse_positional({"arguments"});
  parser.positional_help(std::string(command.arguments));
  parser.allow_unrecognised_options();
}

void check_arguments(const Command& command, const std::vector<std::string>& arguments) {
  const std::string usage = "fracbit " + std::string(command.name) + " " +
                            std::string(command.arguments) +
                            (command.arguments.empty() ? "[options]" : " [options]");
  const std::string where(command.name);
  if (arguments.size() < command.min_arguments) {
    throw ConfigError(where + ": expects " + usage + ", got " + std::to_string(arguments.size()) +
                      " arguments");
  }
  if (arguments.size() > command.max_arguments) {
    throw ConfigError(where + ": expects " + usage + ", got also '" +
                      arguments[command.max_arguments] + "'");
  }
}

/// A missing value and the like, in the words of the parser but without its typographic quotes.
[[noreturn]] void usage_error(const Command& command, std::string what) {
  for (std::string_view quote : {"\u2018", "\u2019"}) {
    for (size_t at = what.find(quote); at != std::string::npos; at = what.find(quote)) {
      what.replace(at, quote.size(), "'");
    }
  }
  throw ConfigError(std::string(command.name) + ": " + what);
}

}  // namespace

Flags read_flags(const Command& command, int argc, const char* const* argv) {
  cxxopts::Options parser("fracbit " + std::string(command.name));
  declare(command, parser);
  Flags flags;
  try {
    const cxxopts::ParseResult result = parser.parse(argc, argv);
    for (const cxxopts::KeyValue& item : result.arguments()) {
      if (item.key() == "arguments") {
        flags.arguments.push_back(item.value());
      } else if (item.key() == "config") {
        flags.configs.push_back(item.value());
      } else if (item.key() == "recipe") {
        flags.recipe = item.value();
      } else {
        flags.help = flags.help || item.key() == "help";
        flags.given.push_back({find_option(item.key()), item.value()});
      }
    }
    if (!result.unmatched().empty()) unknown_flag(command, result.unmatched().front());
  } catch (const cxxopts::exceptions::exception& error) {
    usage_error(command, error.what());
  }
  if (!flags.help) check_arguments(command, flags.arguments);
  return flags;
}

}  // namespace fracbit::apps
