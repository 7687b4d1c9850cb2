#include "fracbit/models/models.h"

#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"
#include "models/catalogue.inc"

namespace fracbit::models {

#define FRACBIT_DECLARE(name) extern const Entry name##_entry;
FRACBIT_MODELS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE

std::span<const Entry* const> entries() {
#define FRACBIT_ENTRY(name) &name##_entry,
  static constexpr const Entry* kEntries[] = {FRACBIT_MODELS(FRACBIT_ENTRY)};
#undef FRACBIT_ENTRY
  return kEntries;
}

const Entry& find(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Entry* entry : entries()) {
    if (entry->name == name) return *entry;
    names.push_back(entry->name);
  }
  throw ConfigError("model: unknown '" + std::string(name) + "'" + nearest_hint(name, names));
}

std::shared_ptr<Module> make(std::string_view name, const Spec& spec) {
  const Entry& entry = find(name);
  Spec full = spec;
  full.quant = quantize::resolved(spec.quant);
  if (full.quant.scheme == "none" && (full.quantize_first || full.quantize_last)) {
    throw ConfigError(std::string(full.quantize_first ? "quantize-first" : "quantize-last") +
                      ": none has nothing to quantize it with");
  }
  if (full.input.rank() == 0) full.input = entry.input;
  if (full.classes == 0) full.classes = entry.classes;
  if (full.input.rank() != 3) {
    throw ShapeError("[models] expects an input shape [H, W, C], got " + to_string(full.input));
  }
  return entry.make(full);
}

}  // namespace fracbit::models
