#include "fracbit/apps/recipes.h"

#include <string>
#include <vector>

#include "apps/recipes.inc"
#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::apps {

std::string_view Recipe::summary() const {
  const std::string_view line = toml.substr(0, toml.find('\n'));
  const size_t text = line.find_first_not_of("# ");
  return text == std::string_view::npos ? std::string_view() : line.substr(text);
}

std::span<const Recipe> recipes() {
#define FRACBIT_RECIPE(name, toml) {name, toml},
  static constexpr Recipe kRecipes[] = {FRACBIT_RECIPES(FRACBIT_RECIPE)};
#undef FRACBIT_RECIPE
  return kRecipes;
}

const Recipe& find_recipe(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Recipe& recipe : recipes()) {
    if (recipe.name == name) return recipe;
    names.push_back(recipe.name);
  }
  throw ConfigError("--recipe: there is no '" + std::string(name) + "'" +
                    nearest_hint(name, names));
}

}  // namespace fracbit::apps
