#include <cstring>
#include <vector>

#include "fracbit/framework/crc32c.h"
#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/format/parts.h"
#include "fracbit/quantize/deploy/packed_model.h"

namespace {

using namespace fracbit;

/// Whether a run is quick.
bool is_small(const deploy::Model& model) {
  const std::vector<deploy::Value> values = deploy::trace(model);
  int64_t work = 0;
  for (size_t i = 0; i < model.ops.size(); ++i) {
    const auto* block = std::get_if<deploy::Block>(&model.ops[i]);
    const int64_t pixels = values[i].height * values[i].width + values[i + 1].size();
    work += pixels * (block != nullptr ? block->weights.size() : values[i].channels);
  }
  return work < (1 << 16);
}

void try_bytes(std::span<const std::byte> bytes) {
  try {
    const deploy::Model model = deploy::read_model(bytes, "file");
    if (deploy::write_model(model).size() != bytes.size()) __builtin_trap();
    if (!is_small(model)) return;
    const deploy::PackedModel packed(model);
    const std::vector<float> image(static_cast<size_t>(2 * packed.image_size()), 0.5F);
    packed.run(std::span(image));
  } catch (const FileError&) {
  }
}

}  // namespace

// Any bytes give a model that is written as it was read and runs, or a FileError. The same with the
// size and the checksum put right, so that changes reach what lies behind them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span given(reinterpret_cast<const std::byte*>(data), size);
  try_bytes(given);
  if (size < deploy::kSizeAt + 8) return 0;
  std::vector<std::byte> bytes(given.begin(), given.end());
  const uint64_t right_size = size;
  std::memcpy(bytes.data() + deploy::kSizeAt, &right_size, sizeof right_size);
  const uint32_t sum = crc32c(std::span<const std::byte>(bytes).subspan(deploy::kSizeAt));
  std::memcpy(bytes.data() + deploy::kSumAt, &sum, sizeof sum);
  try_bytes(bytes);
  return 0;
}
