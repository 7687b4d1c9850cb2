#pragma once

#include <span>
#include <string_view>

namespace fracbit::apps {

/// A named set of options that comes with the program; apps/recipes/NAME.toml.
struct Recipe {
  std::string_view name;
  std::string_view toml;

  /// The comment on its first line.
  std::string_view summary() const;
};

std::span<const Recipe> recipes();
/// Throws ConfigError that names the nearest known one.
const Recipe& find_recipe(std::string_view name);

}  // namespace fracbit::apps
