#include "fracbit/layers/activation.h"

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/abs_clip.h"
#include "fracbit/framework/ops/clip.h"
#include "fracbit/framework/ops/hard_tanh.h"
#include "fracbit/framework/ops/prelu.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/layers/geometry.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/lowering.h"

namespace fracbit::layers {
namespace {

struct Function {
  std::string_view name;
  Variable (*apply)(const Variable& x);
  deploy::Activation deployed;
};

constexpr Function kFunctions[] = {
    {"relu", [](const Variable& x) { return ops::relu(x); }, deploy::Activation::relu},
    {"clip01", [](const Variable& x) { return ops::clip(x, 0, 1); }, deploy::Activation::clip01},
    {"cabs", [](const Variable& x) { return ops::abs_clip(x); }, deploy::Activation::cabs},
    {"hard-tanh", [](const Variable& x) { return ops::hard_tanh(x); },
     deploy::Activation::hard_tanh},
};

const Function& find_function(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return function;
  }
  throw ConfigError("[activation] expected relu, clip01, cabs or hard-tanh, got '" +
                    std::string(name) + "'");
}

}  // namespace

Activation::Activation(std::string_view function)
    : function_(find_function(function).apply), deployed_(find_function(function).deployed) {}

Variable Activation::forward(const Variable& x) {
  return function_(x);
}

Shape Activation::do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const {
  return x;
}

void Activation::do_lower(deploy::Lowering& to) const {
  deploy::StoredOutput stored;
  stored.output.activation = deployed_;
  to.quantize(stored);
}

PRelu::PRelu(const Spec& spec) : spec_(spec) {
  require_positive("prelu", "channels", spec.channels);
  slope_ = add_parameter("weight", {spec.channels});
  slope_.mutable_value().fill(spec.initial);
}

Variable PRelu::forward(const Variable& x) {
  return ops::prelu(x, slope_);
}

Shape PRelu::do_trace(const Shape& x, const std::string& path, std::vector<LayerInfo>& rows) const {
  LayerInfo info = float_layer_info(path, "prelu", x, spec_.channels, 0);
  info.weights = 0;
  rows.push_back(info);
  return x;
}

void PRelu::do_initialize(uint64_t, uint32_t) {
  slope_.mutable_value().fill(spec_.initial);
}

std::vector<Example> activation_examples() {
  std::vector<Example> examples;
  for (const char* name : {"relu", "clip01", "cabs", "hard-tanh"}) {
    examples.push_back({name, std::make_shared<Activation>(name), {3, 7}});
  }
  examples.push_back({"prelu", std::make_shared<PRelu>(PRelu::Spec{.channels = 3}), {2, 4, 3}});
  return examples;
}

}  // namespace fracbit::layers
