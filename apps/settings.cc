#include "fracbit/apps/settings.h"

#include <algorithm>
#include <stdexcept>

#include "fracbit/apps/needs.h"

namespace fracbit::apps {

Settings::Settings(const Command& command) : command_(&command) {
  for (const Option& option : options()) {
    if ((option.takes & command.takes) == 0) continue;
    Setting setting;
    setting.option = &option;
    if (!option.fallback.empty()) {
      setting.value = parse(option, option.fallback, option.name);
      setting.rank = Rank::fallback;
      setting.origin = "default";
    }
    settings_.push_back(std::move(setting));
  }
}

Setting* Settings::find(std::string_view name) {
  const auto found =
      std::ranges::find_if(settings_, [&](const Setting& s) { return s.option->name == name; });
  return found == settings_.end() ? nullptr : &*found;
}

const Setting& Settings::setting(std::string_view name) const {
  const Setting* found = const_cast<Settings*>(this)->find(name);
  if (found == nullptr) {
    throw std::logic_error(std::string(command_->name) + " has no option " + std::string(name));
  }
  return *found;
}

void Settings::set(const Option& option, Value value, Rank rank, std::string origin) {
  check(option, value, origin);
  Setting* setting = find(option.name);
  if (setting == nullptr || setting->rank > rank) return;
  setting->value = std::move(value);
  setting->rank = rank;
  setting->origin = std::move(origin);
}

void Settings::choose(std::string_view name, Value value, std::string origin) {
  Setting* setting = find(name);
  if (setting == nullptr || setting->rank != Rank::none) return;
  set(*setting->option, std::move(value), Rank::fallback, std::move(origin));
}

bool Settings::applies(const Option& option) const {
  const Needs needs = needs_of(option);
  if (needs.option.empty() || const_cast<Settings*>(this)->find(needs.option) == nullptr) {
    return true;
  }
  return std::ranges::find(needs.values, text(needs.option)) != needs.values.end();
}

void Settings::check_needs() const {
  for (const Setting& setting : settings_) {
    if (setting.rank != Rank::flag || applies(*setting.option)) continue;
    const Needs needs = needs_of(*setting.option);
    throw error(setting.option->name, "expects " + to_string(needs) + ", got --" +
                                          std::string(needs.option) + " " + text(needs.option));
  }
}

bool Settings::has(std::string_view name) const {
  return !std::holds_alternative<std::monostate>(setting(name).value);
}

bool Settings::flag(std::string_view name) const {
  return std::get<bool>(setting(name).value);
}

int64_t Settings::integer(std::string_view name) const {
  return std::get<int64_t>(setting(name).value);
}

double Settings::real(std::string_view name) const {
  return std::get<double>(setting(name).value);
}

const std::string& Settings::text(std::string_view name) const {
  return std::get<std::string>(setting(name).value);
}

std::vector<int64_t> Settings::integers(std::string_view name) const {
  const Value& value = setting(name).value;
  const auto* list = std::get_if<std::vector<int64_t>>(&value);
  return list ? *list : std::vector<int64_t>();
}

std::vector<double> Settings::reals(std::string_view name) const {
  const Value& value = setting(name).value;
  const auto* list = std::get_if<std::vector<double>>(&value);
  return list ? *list : std::vector<double>();
}

ConfigError Settings::error(std::string_view name, const std::string& what) const {
  const Setting& found = setting(name);
  const bool named = found.rank == Rank::environment || found.rank == Rank::flag;
  return ConfigError((named ? found.origin : "--" + std::string(name)) + ": " + what +
                     (named || found.origin.empty() ? "" : " (from " + found.origin + ")"));
}

}  // namespace fracbit::apps
