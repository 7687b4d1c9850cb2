#include <toml++/toml.h>

#include <filesystem>
#include <sstream>

#include "fracbit/apps/sources.h"
#include "fracbit/framework/input_file.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::apps {
namespace {

std::string place(const std::string& name, const toml::source_region& source) {
  return name + ":" + std::to_string(source.begin.line);
}

template <class Number>
Value list_value(const toml::array& array) {
  std::vector<Number> numbers;
  for (const toml::node& node : array) {
    const auto number = node.value_exact<Number>();
    if (number) {
      numbers.push_back(*number);
    } else if (const auto whole = node.value_exact<int64_t>()) {
      numbers.push_back(static_cast<Number>(*whole));
    } else {
      return {};
    }
  }
  return numbers.empty() ? Value() : Value(std::move(numbers));
}

/// The node as the option's type; nothing if it is of another one.
Value typed(const Option& option, const toml::node& node) {
  switch (option.type) {
    case Type::flag:
      if (const auto flag = node.value_exact<bool>()) return *flag;
      return {};
    case Type::integer:
      if (const auto whole = node.value_exact<int64_t>()) return *whole;
      return {};
    case Type::real:
      if (const auto whole = node.value_exact<int64_t>()) return static_cast<double>(*whole);
      if (const auto number = node.value_exact<double>()) return *number;
      return {};
    case Type::text:
    case Type::path:
      if (const auto text = node.value_exact<std::string>()) {
        return text->empty() ? Value() : Value(*text);
      }
      return {};
    case Type::integers:
      return node.is_array() ? list_value<int64_t>(*node.as_array()) : Value();
    case Type::reals:
      return node.is_array() ? list_value<double>(*node.as_array()) : Value();
  }
  return {};
}

std::string shown(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  std::string text = std::move(out).str();
  constexpr size_t kLongest = 60;
  return text.size() > kLongest ? text.substr(0, kLongest) + "..." : text;
}

const Option& known_key(std::string_view key, const std::string& where) {
  const Option* option = find_option(key);
  if (option != nullptr && option->reach == Reach::everywhere) return *option;
  std::vector<std::string_view> names;
  for (const Option& candidate : options()) {
    if (candidate.reach == Reach::everywhere) names.push_back(candidate.name);
  }
  throw ConfigError(where + ": unknown key '" + std::string(key) + "'" + nearest_hint(key, names));
}

void make_absolute(const Option& option, const std::string& folder, Value& value) {
  auto* text = std::get_if<std::string>(&value);
  if (option.type != Type::path || text == nullptr || *text == option.choices) return;
  if (!folder.empty()) *text = (std::filesystem::path(folder) / *text).lexically_normal().string();
}

}  // namespace

void apply_toml(Settings& settings, std::string_view text, const std::string& name,
                const std::string& folder, Rank rank) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw ConfigError(place(name, error.source()) + ": " + std::string(error.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string where = place(name, key.source());
    const Option& option = known_key(key.str(), where);
    Value value = typed(option, node);
    if (std::holds_alternative<std::monostate>(value)) {
      throw ConfigError(where + ": " + std::string(option.name) + " expects " +
                        expectation(option) + ", got " + shown(node));
    }
    check(option, value, where + ": " + std::string(option.name));
    make_absolute(option, folder, value);
    settings.set(option, std::move(value), rank, where);
  }
}

void apply_config_file(Settings& settings, const std::string& path) {
  std::string text;
  try {
    text = read_text(path);
  } catch (const FileError& error) {
    throw ConfigError(error.what());
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  apply_toml(settings, text, path, folder, Rank::file);
}

}  // namespace fracbit::apps
