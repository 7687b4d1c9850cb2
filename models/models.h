#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fracbit/framework/module.h"
#include "fracbit/layers/engine.h"
#include "fracbit/quantize/quantize.h"

namespace fracbit::models {

/// What to make of a network's layer list.
struct Spec {
  quantize::Spec quant;                            ///< scheme and bits of the inner layers
  layers::Engine engine = layers::Engine::packed;  ///< what computes quantized layers
  bool quantize_first = false;                     ///< quantize the weights of the first layer too
  bool quantize_last = false;  ///< quantize the inputs and weights of the last layer too
  /// Where pooling stands around batch norm; by default where the scheme's paper has it.
  std::optional<quantize::BlockOrder> order = {};
  /// Function in front of a last layer with float inputs, relu, clip01 or cabs; by default
  /// the scheme's. With quantized inputs there is none, and naming one is a ConfigError.
  std::string last_activation = {};
  Shape input = {};     ///< [H, W, C]; rank 0 means the model's own
  int64_t classes = 0;  ///< 0 means the model's own
};

/// One model of the catalogue.
struct Entry {
  std::string_view name;
  std::string_view summary;  ///< one line for `fracbit list`
  std::string_view paper;
  Shape input;  ///< [H, W, C]
  int64_t classes;
  int64_t parameters;  ///< weights and biases without batch norm, float, default input and classes
  int64_t macs;        ///< multiply-accumulates per image, likewise
  std::shared_ptr<Module> (*make)(const Spec& spec);
};

/// All models in catalogue order.
std::span<const Entry* const> entries();
/// Throws ConfigError that names the nearest known model.
const Entry& find(std::string_view name);
/// The network, with weights not yet drawn (Module::initialize). Throws ConfigError for an unknown
/// name or a spec that the scheme does not take, ShapeError if the input is too small for the
/// layers.
std::shared_ptr<Module> make(std::string_view name, const Spec& spec);

}  // namespace fracbit::models
