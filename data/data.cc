#include "fracbit/data/data.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include "fracbit/data/catalogue.h"
#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

// Levenshtein distance.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string_view nearest(std::string_view name) {
  std::string_view best;
  size_t least = std::numeric_limits<size_t>::max();
  for (const Entry* entry : entries()) {
    const size_t d = distance(name, entry->name);
    if (d < least) {
      least = d;
      best = entry->name;
    }
  }
  return best;
}

}  // namespace

std::span<const Entry* const> entries() {
#define FRACBIT_ENTRY(name) &catalogue::name(),
  static const std::array all = {FRACBIT_DATASETS(FRACBIT_ENTRY)};
#undef FRACBIT_ENTRY
  return all;
}

const Entry& find(std::string_view name) {
  for (const Entry* entry : entries()) {
    if (entry->name == name) return *entry;
  }
  throw ConfigError("[data] expects a known data set, got \"" + std::string(name) +
                    "\"; the nearest is \"" + std::string(nearest(name)) + "\"");
}

std::shared_ptr<const Dataset> open(std::string_view name, const OpenOptions& options) {
  const Entry& entry = find(name);
  if (options.split != "train" && options.split != "test") {
    throw ConfigError("[data] expects the split \"train\" or \"test\", got \"" + options.split +
                      "\"");
  }
  if (options.limit < 0) {
    throw ConfigError("[data] expects a limit of 0 (all) or more samples, got " +
                      std::to_string(options.limit));
  }
  std::shared_ptr<const Dataset> dataset = entry.open(options);
  return options.limit == 0 ? dataset : take(std::move(dataset), options.limit);
}

}  // namespace fracbit::data
