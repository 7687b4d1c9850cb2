#include <nlohmann/json.hpp>

#include "fracbit/apps/command.h"
#include "fracbit/apps/console.h"
#include "fracbit/apps/inspect_packed.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/packed_file.h"
#include "fracbit/apps/settings.h"
#include "fracbit/apps/table.h"
#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/cpu.h"

namespace fracbit::apps {
namespace {

constexpr int kFormatVersion = 1;

struct Part {
  const char* name;
  const std::vector<Checkpoint::Entry>* entries;
};

std::vector<Part> parts(const Checkpoint& checkpoint) {
  return {{"parameter", &checkpoint.parameters},
          {"buffer", &checkpoint.buffers},
          {"optimizer", &checkpoint.optimizer}};
}

std::string isa_list() {
  std::string names;
  for (Isa isa : supported_isas())
    names += (names.empty() ? "" : ", ") + std::string(isa_name(isa));
  return names;
}

std::string text(const Checkpoint& checkpoint) {
  const TrainingPosition& at = checkpoint.position;
  std::string out = printable(checkpoint.path) + ": fracbit-checkpoint, version " +
                    std::to_string(kFormatVersion) + ", written by fracbit " +
                    checkpoint.fracbit_version + "\n";
  out += "seed " + std::to_string(at.seed) + ", epoch " + std::to_string(at.epoch) + ", batch " +
         std::to_string(at.batch) + " of " + std::to_string(at.batches) + ", step " +
         std::to_string(at.step);
  if (checkpoint.best_epoch > 0) {
    out += ", best " + fixed(checkpoint.best_top1, 2) + " % after epoch " +
           std::to_string(checkpoint.best_epoch);
  }
  out += "\n\n";
  Table table("lllr");
  table.add({"part", "name", "shape", "bytes"});
  table.rule();
  for (const Part& part : parts(checkpoint)) {
    for (const Checkpoint::Entry& entry : *part.entries) {
      table.add({part.name, printable(entry.name), to_string(entry.value.shape()),
                 grouped(entry.value.size() * static_cast<int64_t>(sizeof(real)))});
    }
  }
  return out + table.text() + "\nconfiguration:\n" + checkpoint.config +
         "\nkernels of this machine: " + std::string(isa_name(active_isa())) + " (it has " +
         isa_list() + ")\n";
}

std::string json(const Checkpoint& checkpoint) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const Part& part : parts(checkpoint)) {
    for (const Checkpoint::Entry& entry : *part.entries) {
      const auto extents = entry.value.shape().extents();
      tensors.push_back({{"part", part.name},
                         {"name", entry.name},
                         {"shape", std::vector<int64_t>(extents.begin(), extents.end())},
                         {"bytes", entry.value.size() * static_cast<int64_t>(sizeof(real))}});
    }
  }
  nlohmann::ordered_json isas = nlohmann::ordered_json::array();
  for (Isa isa : supported_isas()) isas.push_back(isa_name(isa));
  const TrainingPosition& at = checkpoint.position;
  return json_text({{"format", "fracbit-checkpoint"},
                    {"version", kFormatVersion},
                    {"fracbit_version", checkpoint.fracbit_version},
                    {"seed", at.seed},
                    {"epoch", at.epoch},
                    {"batch", at.batch},
                    {"batches", at.batches},
                    {"step", at.step},
                    {"best_top1", checkpoint.best_top1},
                    {"best_epoch", checkpoint.best_epoch},
                    {"tensors", std::move(tensors)},
                    {"config", checkpoint.config},
                    {"isa", isa_name(active_isa())},
                    {"supported_isas", std::move(isas)}});
}

Result inspect(const Settings& settings) {
  const std::string& path = settings.arguments().front();
  if (is_packed_file(path)) return inspect_packed(path);
  const Checkpoint checkpoint = load_checkpoint(path);
  return {text(checkpoint), json(checkpoint)};
}

}  // namespace

const Command inspect_command = {
    .name = "inspect",
    .summary = "what a checkpoint or packed model holds; which kernels this machine gets",
    .arguments = "FILE",
    .takes = kInspect,
    .min_arguments = 1,
    .max_arguments = 1,
    .notes = "Every checksum of the file is verified.",
    .examples = "fracbit inspect run/last.ckpt",
    .run = inspect,
};

}  // namespace fracbit::apps
