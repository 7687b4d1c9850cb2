#include <iostream>

#include "fracbit/apps/console.h"
#include "fracbit/apps/recipes.h"
#include "fracbit/apps/sources.h"
#include "fracbit/framework/nearest.h"

extern char** environ;

namespace fracbit::apps {
namespace {

/// Variables of our form that are no options.
constexpr std::string_view kReserved[] = {"FRACBIT_ISA", "FRACBIT_DATA"};

void warn_about(std::string_view variable, const std::vector<std::string>& known) {
  for (std::string_view reserved : kReserved) {
    if (variable == reserved) return;
  }
  for (const std::string& name : known) {
    if (variable == name) return;
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  warn(std::string(variable) + ": no option has this variable" +
       nearest_hint(variable, candidates));
}

}  // namespace

void apply_environment(Settings& settings) {
  constexpr std::string_view kPrefix = "FRACBIT_";
  std::vector<std::string> known;
  for (const Option& option : options()) {
    if (option.reach != Reach::everywhere) continue;
    known.push_back(environment_name(option));
    const char* text = std::getenv(known.back().c_str());
    if (text == nullptr || *text == '\0') continue;
    settings.set(option, parse(option, text, known.back()), Rank::environment, known.back());
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable =
        std::string_view(*entry).substr(0, std::string_view(*entry).find('='));
    if (variable.starts_with(kPrefix)) warn_about(variable, known);
  }
}

Settings resolve(const Command& command, const Flags& flags) {
  Settings settings(command);
  settings.set_arguments(flags.arguments);
  if (!flags.recipe.empty()) {
    const Recipe& recipe = find_recipe(flags.recipe);
    apply_toml(settings, recipe.toml, "recipe " + std::string(recipe.name), "", Rank::recipe);
  }
  for (const std::string& path : flags.configs) apply_config_file(settings, path);
  apply_environment(settings);
  for (const Flags::Given& given : flags.given) {
    const std::string where = "--" + std::string(given.option->name);
    settings.set(*given.option, parse(*given.option, given.text, where), Rank::flag, where);
  }
  return settings;
}

}  // namespace fracbit::apps
