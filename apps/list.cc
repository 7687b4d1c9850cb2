#include <nlohmann/json.hpp>

#include "fracbit/apps/command.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/options.h"
#include "fracbit/apps/recipes.h"
#include "fracbit/apps/settings.h"
#include "fracbit/data/data.h"
#include "fracbit/framework/nearest.h"
#include "fracbit/models/models.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::apps {
namespace {

struct Row {
  std::string_view name;
  std::string_view summary;
};

std::vector<Row> model_rows() {
  std::vector<Row> rows;
  for (const models::Entry* entry : models::entries())
    rows.push_back({entry->name, entry->summary});
  return rows;
}

std::vector<Row> quantizer_rows() {
  std::vector<Row> rows;
  for (const quantize::Scheme* scheme : quantize::schemes()) {
    rows.push_back({scheme->name, scheme->summary});
  }
  return rows;
}

std::vector<Row> dataset_rows() {
  std::vector<Row> rows;
  for (const data::Entry* entry : data::entries()) rows.push_back({entry->name, entry->summary});
  return rows;
}

std::vector<Row> recipe_rows() {
  std::vector<Row> rows;
  for (const Recipe& recipe : recipes()) rows.push_back({recipe.name, recipe.summary()});
  return rows;
}

struct Catalogue {
  std::string_view name;
  std::vector<Row> (*rows)();
};

constexpr Catalogue kCatalogues[] = {
    {"models", model_rows},
    {"quantizers", quantizer_rows},
    {"datasets", dataset_rows},
    {"recipes", recipe_rows},
};

const Catalogue& find_catalogue(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Catalogue& catalogue : kCatalogues) {
    if (catalogue.name == name) return catalogue;
    names.push_back(catalogue.name);
  }
  throw ConfigError("list: expects models, quantizers, datasets or recipes, got '" +
                    std::string(name) + "'" + nearest_hint(name, names));
}

Result list(const Settings& settings) {
  const std::vector<Row> rows = find_catalogue(settings.arguments().front()).rows();
  size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  Result result;
  nlohmann::ordered_json names = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    std::string name(row.name);
    name.resize(width + 2, ' ');
    result.text += name + std::string(row.summary) + "\n";
    names.push_back(row.name);
  }
  result.json = json_text({{"names", std::move(names)}});
  return result;
}

}  // namespace

const Command list_command = {
    .name = "list",
    .summary = "what there is: models, quantizers, datasets, recipes",
    .arguments = "models|quantizers|datasets|recipes",
    .takes = kList,
    .min_arguments = 1,
    .max_arguments = 1,
    .examples = "fracbit list models\nfracbit list quantizers --json",
    .run = list,
};

}  // namespace fracbit::apps
