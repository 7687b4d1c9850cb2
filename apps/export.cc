#include <nlohmann/json.hpp>

#include "fracbit/apps/json_text.h"
#include "fracbit/apps/packed_file.h"
#include "fracbit/apps/stored_network.h"
#include "fracbit/apps/table.h"
#include "fracbit/framework/atomic_file.h"
#include "fracbit/layers/layers.h"
#include "fracbit/quantize/deploy/deploy.h"
#include "fracbit/quantize/deploy/npz.h"

namespace fracbit::apps {
namespace {

/// FILE with another ending.
std::string default_path(const std::string& file, const std::string& format) {
  const size_t name = file.rfind('/') + 1;
  const size_t dot = file.rfind('.');
  return (dot == std::string::npos || dot <= name ? file : file.substr(0, dot)) + "." + format;
}

void complete(Settings& settings) {
  const std::string& file = settings.arguments().front();
  if (is_packed_file(file)) throw FileError(file + ": expects a checkpoint, found a packed model");
  settings.choose("out", default_path(file, settings.text("format")), "default");
}

std::vector<std::byte> content(const StoredNetwork& stored, const std::string& format,
                               deploy::FloatWeights float_weights) {
  const Shape& image = stored.network.input;
  if (format == "npz") return deploy::write_npz(deploy::dequantized(*stored.network.module));
  return deploy::pack(*stored.network.module, {1, image[0], image[1], image[2]},
                      {.metadata = packed_notes(stored.model, stored.quant, stored.images),
                       .float_weights = float_weights})
      .bytes;
}

Result export_network(const Settings& settings) {
  const std::string& format = settings.text("format");
  const std::string& path = settings.text("out");
  const StoredNetwork stored = load_network(settings);
  const std::vector<std::byte> bytes = content(stored, format, float_weights(settings));
  AtomicFile file(path);
  file.write(std::span<const std::byte>(bytes));
  file.commit();
  const auto size = static_cast<int64_t>(bytes.size());
  Result result;
  result.text =
      path + ": " + stored.model + ", " + stored.quant + ", " + grouped(size) + " bytes\n";
  result.json = json_text({{"path", path},
                           {"bytes", size},
                           {"format", format},
                           {"model", stored.model},
                           {"quant", stored.quant}});
  return result;
}

}  // namespace

const Command export_command = {
    .name = "export",
    .summary = "writes a checkpoint for deployment",
    .arguments = "FILE",
    .takes = kExport,
    .min_arguments = 1,
    .max_arguments = 1,
    .notes =
        "FILE is a checkpoint. fbit: a packed model, which eval, predict, inspect and bench take "
        "and fracbit-runtime runs. npz: its weights as deployed, as NumPy arrays of floats.",
    .examples =
        "fracbit export run/best.ckpt\n"
        "fracbit export run/best.ckpt --format npz --out weights.npz",
    .complete = complete,
    .run = export_network,
};

}  // namespace fracbit::apps
