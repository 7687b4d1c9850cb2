#include "fracbit/apps/network.h"

#include <optional>

namespace fracbit::apps {
namespace {

void choose_model(Settings& settings) {
  if (!settings.has("dataset")) {
    settings.choose("model", std::string("cifar4"), "default");
    return;
  }
  const std::string& dataset = settings.text("dataset");
  const bool grey = data::find(dataset).info.image_shape.back() == 1;
  settings.choose("model", std::string(grey ? "lenet5" : "cifar4"), "default for " + dataset);
}

std::optional<quantize::BlockOrder> block_order(const std::string& name) {
  if (name == "bn-pool") return quantize::BlockOrder::conv_bn_pool_act;
  if (name == "pool-bn") return quantize::BlockOrder::conv_pool_bn_act;
  return {};
}

double bits(const Settings& settings, std::string_view name) {
  return settings.has(name) ? settings.real(name) : 0;
}

}  // namespace

quantize::Spec quant_spec(const Settings& settings) {
  quantize::Spec spec;
  spec.scheme = settings.text("quant");
  spec.weight_bits = bits(settings, "weight-bits");
  spec.act_bits = bits(settings, "act-bits");
  spec.grad_bits = bits(settings, "grad-bits");
  const auto applies = [&](std::string_view name) {
    return settings.applies(*settings.setting(name).option);
  };
  if (applies("activation")) spec.activation = settings.text("activation");
  if (applies("max-gradient")) spec.max_gradient = settings.text("max-gradient");
  if (applies("bit-heuristic")) spec.bit_heuristic = settings.text("bit-heuristic");
  if (applies("bwn-gradient")) spec.bwn_gradient = settings.text("bwn-gradient");
  if (applies("bit-shares")) spec.bit_shares = settings.reals("bit-shares");
  if (applies("scope") && settings.text("scope") == "filter") spec.scope = quantize::Scope::filter;
  if (applies("mask-refresh")) {
    spec.mask_refresh = static_cast<int>(settings.integer("mask-refresh"));
  }
  if (applies("level-grid") && settings.has("level-grid")) {
    spec.level_grid = settings.text("level-grid");
  }
  if (applies("bit-granularity")) spec.bit_granularity = settings.text("bit-granularity");
  if (applies("act-mask")) spec.act_mask = settings.text("act-mask");
  if (applies("act-scales")) spec.act_scales = settings.text("act-scales");
  if (applies("ste-window")) spec.ste_window = settings.text("ste-window");
  return spec;
}

void complete_network(Settings& settings) {
  choose_model(settings);
  models::find(settings.text("model"));
  const quantize::Spec spec = quantize::resolved(quant_spec(settings));
  const std::string origin = "default of " + spec.scheme;
  settings.choose("weight-bits", spec.weight_bits, origin);
  settings.choose("act-bits", spec.act_bits, origin);
  settings.choose("grad-bits", spec.grad_bits, origin);
  if (settings.applies(*settings.setting("level-grid").option)) {
    settings.choose("level-grid", spec.level_grid, origin);
  }
}

Network make_network(const Settings& settings) {
  const std::string& name = settings.text("model");
  Network network;
  if (settings.has("dataset")) {
    const data::DatasetInfo& dataset = data::find(settings.text("dataset")).info;
    network.input = dataset.image_shape;
    network.classes = static_cast<int64_t>(dataset.class_names.size());
  } else {
    network.input = models::find(name).input;
    network.classes = models::find(name).classes;
  }
  models::Spec spec;
  spec.quant = quantize::resolved(quant_spec(settings));
  spec.engine =
      settings.text("engine") == "packed" ? layers::Engine::packed : layers::Engine::simulated;
  spec.order = block_order(settings.text("block-order"));
  const std::string& last = settings.text("last-activation");
  if (last != "scheme") spec.last_activation = last;
  spec.quantize_first = settings.flag("quantize-first");
  spec.quantize_last = settings.flag("quantize-last");
  spec.input = network.input;
  spec.classes = network.classes;
  network.module = models::make(name, spec);
  return network;
}

std::string quant_title(const Settings& settings) {
  const std::string& scheme = settings.text("quant");
  if (scheme == "none") return scheme;
  std::string title = scheme + " " + shortest(settings.real("weight-bits")) + "/" +
                      shortest(settings.real("act-bits"));
  const double grad_bits = settings.real("grad-bits");
  return grad_bits == 32 ? title : title + "/" + shortest(grad_bits);
}

}  // namespace fracbit::apps
