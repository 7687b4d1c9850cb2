#include "fracbit/apps/inspect_packed.h"

#include <nlohmann/json.hpp>

#include "fracbit/apps/console.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/table.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/input_file.h"
#include "fracbit/framework/shape.h"
#include "fracbit/quantize/deploy/format.h"
#include "fracbit/quantize/deploy/packed_model.h"

namespace fracbit::apps {
namespace {

/// An op as a row of text.
struct Row {
  const deploy::PackedModel::Step& step;
  const deploy::Weights* weights;  ///< of a block

  std::string shape() const {
    if (weights == nullptr) return "-";
    return to_string(
        Shape{weights->filters, weights->kernel_height, weights->kernel_width, weights->channels});
  }
  std::string coding() const {
    if (weights == nullptr) return "-";
    static constexpr const char* kNames[] = {"float32", "codes ", "residual ", "grid "};
    const char* name = kNames[static_cast<size_t>(weights->coding)];
    if (weights->coding == deploy::Coding::float32) return name;
    return name + std::to_string(weights->bits);
  }
  int64_t bytes() const { return weights == nullptr ? 0 : deploy::stored_bytes(*weights); }
  std::string output() const {
    return to_string(Shape{step.height, step.width, step.channels}) + " " + step.form;
  }
};

std::vector<Row> rows_of(const deploy::Model& model, const deploy::PackedModel& packed) {
  std::vector<Row> rows;
  for (size_t i = 0; i < model.ops.size(); ++i) {
    const auto* block = std::get_if<deploy::Block>(&model.ops[i]);
    rows.push_back({packed.steps()[i], block == nullptr ? nullptr : &block->weights});
  }
  return rows;
}

std::string text(const std::string& path, int64_t size, const deploy::Model& model,
                 const std::vector<Row>& rows) {
  std::string out = printable(path) + ": fracbit packed model, version " +
                    std::to_string(deploy::kFormatVersion) + ", " + grouped(size) +
                    " bytes, input " + to_string(Shape{model.height, model.width, model.channels}) +
                    "\n\n";
  Table table("llllrl");
  table.add({"op", "weights", "coding", "output", "bytes", "engine"});
  table.rule();
  for (const Row& row : rows) {
    table.add({row.step.op, row.shape(), row.coding(), row.output(), grouped(row.bytes()),
               row.step.kernel});
  }
  out += table.text();
  if (!model.metadata.empty()) out += "\nnotes:\n";
  for (const auto& [key, note] : model.metadata) {
    std::string line = note;
    for (char& c : line) c = c == '\n' ? ' ' : c;
    out += "  " + printable(key) + ": " + printable(line) + "\n";
  }
  return out + "\nkernels of this machine: " + std::string(isa_name(active_isa())) + "\n";
}

std::string json(int64_t size, const deploy::Model& model, const std::vector<Row>& rows) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  nlohmann::ordered_json ops = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    ops.push_back({{"op", row.step.op},
                   {"output", {row.step.height, row.step.width, row.step.channels}},
                   {"form", row.step.form},
                   {"engine", row.step.kernel}});
    if (row.weights == nullptr) continue;
    const deploy::Weights& w = *row.weights;
    tensors.push_back({{"name", std::to_string(ops.size() - 1) + ".weight"},
                       {"shape", {w.filters, w.kernel_height, w.kernel_width, w.channels}},
                       {"coding", row.coding()},
                       {"bytes", row.bytes()}});
  }
  nlohmann::ordered_json notes = nlohmann::ordered_json::object();
  for (const auto& [key, note] : model.metadata) notes[key] = note;
  return json_text({{"format", "fracbit-packed"},
                    {"version", deploy::kFormatVersion},
                    {"bytes", size},
                    {"input", {model.height, model.width, model.channels}},
                    {"ops", std::move(ops)},
                    {"tensors", std::move(tensors)},
                    {"notes", std::move(notes)},
                    {"isa", isa_name(active_isa())}});
}

}  // namespace

Result inspect_packed(const std::string& path) {
  const InputFile file(path);
  std::vector<std::byte> bytes(static_cast<size_t>(file.size()));
  file.read(0, bytes);
  const deploy::Model model = deploy::read_model(bytes, path);
  const deploy::PackedModel packed(model);
  const std::vector<Row> rows = rows_of(model, packed);
  return {text(path, file.size(), model, rows), json(file.size(), model, rows)};
}

}  // namespace fracbit::apps
