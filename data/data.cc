#include "fracbit/data/data.h"

#include <array>
#include <vector>

#include "data/catalogue.inc"
#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::data {

// One function per data set of meson.build, defined in the file of its name.
namespace catalogue {
#define FRACBIT_DECLARE(name) const Entry& name();
FRACBIT_DATASETS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE
}  // namespace catalogue

std::span<const Entry* const> entries() {
#define FRACBIT_ENTRY(name) &catalogue::name(),
  static const std::array all = {FRACBIT_DATASETS(FRACBIT_ENTRY)};
#undef FRACBIT_ENTRY
  return all;
}

const Entry& find(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Entry* entry : entries()) {
    if (entry->name == name) return *entry;
    names.push_back(entry->name);
  }
  throw ConfigError("[data] expects a known data set, got '" + std::string(name) + "'" +
                    nearest_hint(name, names));
}

std::shared_ptr<const Dataset> open(std::string_view name, const OpenOptions& options) {
  const Entry& entry = find(name);
  if (options.split != "train" && options.split != "test") {
    throw ConfigError("[data] expects the split 'train' or 'test', got '" + options.split + "'");
  }
  if (options.limit < 0) {
    throw ConfigError("[data] expects a limit of 0 (all) or more samples, got " +
                      std::to_string(options.limit));
  }
  std::shared_ptr<const Dataset> dataset = entry.open(entry, options);
  return options.limit == 0 ? dataset : take(std::move(dataset), options.limit);
}

}  // namespace fracbit::data
