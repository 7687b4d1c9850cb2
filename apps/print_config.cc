#include "fracbit/apps/print_config.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "fracbit/apps/console.h"
#include "fracbit/apps/json_text.h"

namespace fracbit::apps {
namespace {

bool shown(const Settings& settings, const Setting& setting) {
  return setting.option->reach == Reach::everywhere &&
         !std::holds_alternative<std::monostate>(setting.value) &&
         settings.applies(*setting.option);
}

Value absolute(const Setting& setting) {
  const auto* text = std::get_if<std::string>(&setting.value);
  const bool path = setting.option->type == Type::path;
  if (!path || text == nullptr || *text == setting.option->choices) return setting.value;
  return std::filesystem::absolute(*text).lexically_normal().string();
}

std::string toml(const Settings& settings, bool momentary) {
  std::string out;
  std::string_view group;
  for (const Setting& setting : settings.all()) {
    if (!shown(settings, setting) || (setting.option->momentary && !momentary)) continue;
    if (setting.option->group != group) {
      group = setting.option->group;
      out += (out.empty() ? "# " : "\n# ") + std::string(group) + "\n";
    }
    std::string line = std::string(setting.option->name) + " = " + to_toml(absolute(setting));
    if (line.size() < 40) line.resize(40, ' ');
    out += line + "  # " + printable(setting.origin) + "\n";
  }
  return out;
}

}  // namespace

std::string config_toml(const Settings& settings) {
  return toml(settings, true);
}

std::string lasting_config_toml(const Settings& settings) {
  return toml(settings, false);
}

std::string config_json(const Settings& settings) {
  nlohmann::ordered_json config;
  nlohmann::ordered_json origin;
  for (const Setting& setting : settings.all()) {
    if (!shown(settings, setting)) continue;
    const std::string name(setting.option->name);
    std::visit(
        [&](const auto& value) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
            config[name] = value;
          }
        },
        absolute(setting));
    origin[name] = setting.origin;
  }
  return json_text({{"config", std::move(config)}, {"origin", std::move(origin)}});
}

}  // namespace fracbit::apps
