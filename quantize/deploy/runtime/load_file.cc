// Apart from packed_model.cc, so that programs without files do not link it.

#include "fracbit/framework/input_file.h"
#include "fracbit/quantize/deploy/packed_model.h"

namespace fracbit::deploy {

PackedModel PackedModel::load(const std::string& path) {
  const InputFile file(path);
  std::vector<std::byte> bytes(static_cast<size_t>(file.size()));
  file.read(0, bytes);
  return load(bytes, path);
}

}  // namespace fracbit::deploy
