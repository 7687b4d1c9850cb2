#include "fracbit/layers/layers.h"

#include "layers/catalogue.inc"

namespace fracbit::layers {

#define FRACBIT_DECLARE(name) std::vector<Example> name##_examples();
FRACBIT_LAYERS(FRACBIT_DECLARE)
#undef FRACBIT_DECLARE

std::vector<Entry> catalogue() {
#define FRACBIT_ENTRY(name) {#name, name##_examples},
  return {FRACBIT_LAYERS(FRACBIT_ENTRY)};
#undef FRACBIT_ENTRY
}

}  // namespace fracbit::layers
