#include "fracbit/apps/needs.h"

#include <algorithm>

#include "fracbit/quantize/quantize.h"

namespace fracbit::apps {

Needs needs_of(const Option& option) {
  if (option.needs.empty()) return {};
  const auto parts = split(option.needs, '=');
  if (parts.size() == 2) return {parts[0], split(parts[1], '|')};
  Needs needs = {parts[0], {}};
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    const auto read = split(scheme->options, ' ');
    if (std::ranges::find(read, option.name) != read.end()) needs.values.push_back(scheme->name);
  }
  return needs;
}

std::string to_string(const Needs& needs) {
  std::string text;
  for (std::string_view value : needs.values) {
    text.append(text.empty() ? "--" : "|");
    if (text.size() == 2) text.append(needs.option).append(" ");
    text.append(value);
  }
  return text;
}

}  // namespace fracbit::apps
