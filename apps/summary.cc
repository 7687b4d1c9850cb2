#include <algorithm>
#include <nlohmann/json.hpp>

#include "fracbit/apps/json_text.h"
#include "fracbit/apps/network.h"
#include "fracbit/apps/packed_file.h"
#include "fracbit/apps/table.h"
#include "fracbit/quantize/deploy/deploy.h"

namespace fracbit::apps {
namespace {

struct Totals {
  int64_t parameters = 0;
  int64_t weights = 0;
  double weight_bits = 0;
  int64_t packed_bytes = 0;
  int64_t macs = 0;
  double bit_ops = 0;
  int64_t file_bytes = 0;  ///< of the packed model; 0 if there is none

  double average_bits() const {
    return weights == 0 ? 32 : weight_bits / static_cast<double>(weights);
  }
};

Totals add_up(const std::vector<LayerInfo>& rows) {
  Totals totals;
  for (const LayerInfo& row : rows) {
    totals.parameters += row.parameters;
    totals.weights += row.weights;
    totals.weight_bits += row.weight_bits * static_cast<double>(row.weights);
    totals.packed_bytes += row.packed_bytes;
    totals.macs += row.macs;
    totals.bit_ops += row.bit_ops;
  }
  return totals;
}

/// Without the batch axis, which is 1 here.
std::string image_shape(const Shape& shape) {
  return to_string(Shape(shape.extents().subspan(shape.rank() > 0 ? 1 : 0)));
}

std::string bits_cell(double bits, bool meaningful) {
  return meaningful ? shortest(bits) : "-";
}

/// A choice that is not left to the scheme, for the line above the table.
std::string asked(const Settings& settings, std::string_view option) {
  const std::string& choice = settings.text(option);
  return choice == "scheme" ? "" : ", " + std::string(option) + " " + choice;
}

std::string file_text(const Totals& totals) {
  if (totals.file_bytes == 0) return ", no packed model";
  return ", packed model " + grouped(totals.file_bytes) + " bytes";
}

/// Bytes that `fracbit export` will write after training on --dataset: sizes follow from the
/// options alone. 0 if a layer has no deployed form.
int64_t packed_file_bytes(const Settings& settings, const Network& network) {
  const Shape& image = network.input;
  const data::DatasetInfo images =
      settings.has("dataset") ? data::find(settings.text("dataset")).info : data::DatasetInfo{};
  const deploy::PackOptions options = {
      .metadata = packed_notes(settings.text("model"), quant_title(settings), images),
      .untrained = true,
      .float_weights = float_weights(settings)};
  try {
    const auto package = deploy::pack(*network.module, {1, image[0], image[1], image[2]}, options);
    return static_cast<int64_t>(package.bytes.size());
  } catch (const ConfigError&) {
    return 0;
  }
}

/// Whether some layer computes its gradients from their codes.
bool has_packed_gradients(const std::vector<LayerInfo>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const LayerInfo& row) { return row.weight_gradient != "float"; });
}

/// Images need no gradient, so the first product computes none.
void take_first_input_gradient(std::vector<LayerInfo>& rows) {
  const auto first =
      std::find_if(rows.begin(), rows.end(), [](const LayerInfo& row) { return row.macs > 0; });
  if (first != rows.end()) first->input_gradient = "none";
}

std::string text(const Settings& settings, const Network& network,
                 const std::vector<LayerInfo>& rows, const Totals& totals) {
  const bool gradients = has_packed_gradients(rows);
  Table table(gradients ? "lllrrrrrrlll" : "lllrrrrrrl");
  const auto add = [&](std::vector<std::string> cells, std::string dx, std::string dw) {
    if (gradients) cells.insert(cells.end(), {std::move(dx), std::move(dw)});
    table.add(std::move(cells));
  };
  add({"layer", "kind", "output", "parameters", "w bits", "in bits", "packed bytes", "MACs",
       "bit ops", "engine"},
      "input gradient", "weight gradient");
  table.rule();
  for (const LayerInfo& row : rows) {
    const bool product = row.macs > 0;
    add({row.name, row.kind, image_shape(row.output), grouped(row.parameters),
         bits_cell(row.weight_bits, row.weights > 0), bits_cell(row.input_bits, product),
         grouped(row.packed_bytes), grouped(row.macs), grouped(static_cast<int64_t>(row.bit_ops)),
         row.engine},
        product ? row.input_gradient : "-", product ? row.weight_gradient : "-");
  }
  table.rule();
  add({"total", "", "", grouped(totals.parameters), fixed(totals.average_bits(), 3), "",
       grouped(totals.packed_bytes), grouped(totals.macs),
       grouped(static_cast<int64_t>(totals.bit_ops)), ""},
      "", "");
  return settings.text("model") + ", quant " + quant_title(settings) + ", input " +
         to_string(network.input) + ", " + std::to_string(network.classes) + " classes" +
         asked(settings, "block-order") + asked(settings, "last-activation") + "\n\n" +
         table.text() + "\nas float " + bytes_text(4.0 * static_cast<double>(totals.parameters)) +
         ", packed " + bytes_text(static_cast<double>(totals.packed_bytes)) + file_text(totals) +
         "\n";
}

std::string json(const Settings& settings, const Network& network,
                 const std::vector<LayerInfo>& rows, const Totals& totals) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const LayerInfo& row : rows) {
    const auto extents = row.output.extents();
    layers.push_back({{"name", row.name},
                      {"kind", row.kind},
                      {"output", std::vector<int64_t>(extents.begin() + 1, extents.end())},
                      {"parameters", row.parameters},
                      {"weights", row.weights},
                      {"weight_bits", row.weight_bits},
                      {"input_bits", row.input_bits},
                      {"packed_bytes", row.packed_bytes},
                      {"macs", row.macs},
                      {"bit_ops", static_cast<int64_t>(row.bit_ops)},
                      {"engine", row.engine},
                      {"input_gradient", row.input_gradient},
                      {"weight_gradient", row.weight_gradient}});
  }
  const auto input = network.input.extents();
  return json_text({{"model", settings.text("model")},
                    {"quant", settings.text("quant")},
                    {"block_order", settings.text("block-order")},
                    {"last_activation", settings.text("last-activation")},
                    {"input", std::vector<int64_t>(input.begin(), input.end())},
                    {"parameters", totals.parameters},
                    {"float_bytes", 4 * totals.parameters},
                    {"packed_bytes", totals.packed_bytes},
                    {"fbit_bytes", totals.file_bytes},
                    {"macs", totals.macs},
                    {"bit_ops", static_cast<int64_t>(totals.bit_ops)},
                    {"average_weight_bits", totals.average_bits()},
                    {"layers", std::move(layers)}});
}

Result summary(const Settings& settings) {
  const Network network = make_network(settings);
  const Shape& image = network.input;
  std::vector<LayerInfo> rows;
  network.module->eval();
  network.module->trace(Shape{1, image[0], image[1], image[2]}, rows);
  take_first_input_gradient(rows);
  network.module->initialize(1);
  Totals totals = add_up(rows);
  totals.file_bytes = packed_file_bytes(settings, network);
  return {text(settings, network, rows, totals), json(settings, network, rows, totals)};
}

}  // namespace

const Command summary_command = {
    .name = "summary",
    .summary = "one row a layer: shape, parameters, bits, packed bytes, operations, engine",
    .takes = kSummary,
    .notes = "Bit operations are multiply-accumulates times weight bits times input bits.",
    .examples =
        "fracbit summary --model vgg8 --quant hbnn --weight-bits 1.4 --act-bits 1.4\n"
        "fracbit summary --model lenet5 --quant dorefa --json",
    .complete = complete_network,
    .run = summary,
};

}  // namespace fracbit::apps
