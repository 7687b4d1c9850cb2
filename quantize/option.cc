#include "fracbit/quantize/option.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::quantize {

std::string written(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

int whole_bits(std::string_view option, std::string_view scheme, double bits, int most) {
  if (bits == 32) return 32;
  if (bits >= 1 && bits <= most && bits == std::floor(bits)) return static_cast<int>(bits);
  const std::string range = most == 1 ? "1" : "whole numbers 1 to " + std::to_string(most);
  throw ConfigError(std::string(option) + ": " + std::string(scheme) + " takes " + range +
                    " or 32, got " + written(bits));
}

void only_float(std::string_view option, std::string_view scheme, double bits) {
  if (bits == 32) return;
  throw ConfigError(std::string(option) + ": " + std::string(scheme) + " takes 32 (float), got " +
                    written(bits));
}

std::unique_ptr<Quantizer> float_activations(const Spec& spec) {
  only_float("act-bits", spec.scheme, spec.act_bits);
  return nullptr;
}

std::string_view one_of(std::string_view option, std::string_view value,
                        std::initializer_list<std::string_view> choices) {
  const auto* found = std::find(choices.begin(), choices.end(), value);
  if (found != choices.end()) return *found;
  std::string list;
  for (std::string_view choice : choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  throw ConfigError(std::string(option) + ": expected one of " + list + ", got '" +
                    std::string(value) + "'" +
                    nearest_hint(value, {choices.begin(), choices.size()}));
}

}  // namespace fracbit::quantize
