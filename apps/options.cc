#include "fracbit/apps/options.h"

namespace fracbit::apps {

const Option* find_option(std::string_view name) {
  for (const Option& option : options()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::vector<std::string_view> option_names(unsigned bits) {
  std::vector<std::string_view> names;
  for (const Option& option : options()) {
    if ((option.takes & bits) != 0) names.push_back(option.name);
  }
  return names;
}

std::vector<std::string_view> split(std::string_view list, char separator) {
  std::vector<std::string_view> parts;
  if (list.empty()) return parts;
  for (;;) {
    const size_t end = list.find(separator);
    parts.push_back(list.substr(0, end));
    if (end == std::string_view::npos) return parts;
    list.remove_prefix(end + 1);
  }
}

std::string environment_name(const Option& option) {
  std::string name = "FRACBIT_";
  for (char c : option.name) {
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

}  // namespace fracbit::apps
