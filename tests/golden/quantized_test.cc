// Small low-bit networks, both engines, against an independent simulation in double: logits and all
// gradients, the losses of two steps, and evaluation with the running statistics.
#include <memory>

#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/layers/activation.h"
#include "fracbit/layers/batch_norm.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/flatten.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "fracbit/layers/sequential.h"
#include "golden/golden.h"
#include "support/catch.h"

using namespace fracbit;
using golden::Json;

namespace {

constexpr double kTolerance = 2e-5;

/// The layers of make_quantized.py; names are positions there.
std::shared_ptr<Module> make_network(const Json& options, layers::Engine engine) {
  quantize::Spec quant;
  quant.scheme = options["scheme"];
  quant.weight_bits = options["weight_bits"];
  quant.act_bits = options["act_bits"];
  if (quant.scheme == "hbnn") quant.level_grid = "float";
  const bool float_inputs = quant.act_bits == 32;
  const auto net = std::make_shared<layers::Sequential>();
  const auto add_quantized = [&](const std::string& name, std::shared_ptr<Module> layer) {
    if (float_inputs) net->add(name + "a", std::make_shared<layers::Activation>("relu"));
    net->add(name, std::move(layer));
  };
  using layers::BatchNorm;
  net->add("0", std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{.in = 3, .out = 8}));
  net->add("1", std::make_shared<layers::Pool>(layers::Pool::Spec{}));
  net->add("2", std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = 8}));
  add_quantized("3", std::make_shared<layers::QuantConv2d>(layers::QuantConv2d::Spec{
                         .in = 8, .out = 8, .quant = quant, .engine = engine}));
  net->add("4", std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = 8}));
  net->add("5", std::make_shared<layers::Flatten>());
  add_quantized("6", std::make_shared<layers::QuantLinear>(layers::QuantLinear::Spec{
                         .in = 72, .out = 12, .quant = quant, .engine = engine}));
  net->add("7", std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = 12}));
  net->add("8", std::make_shared<layers::Activation>(quant.scheme == "hbnn" ? "relu" : "clip01"));
  net->add("9", std::make_shared<layers::Linear>(layers::Linear::Spec{.in = 12, .out = 10}));
  return net;
}

void set_state(Module& net, const Json& start) {
  for (auto& parameter : net.parameters()) {
    parameter.value.mutable_value() = golden::tensor(start.at(parameter.name));
  }
  for (auto& buffer : net.buffers()) {
    if (start.contains(buffer.name)) *buffer.value = golden::tensor(start[buffer.name]);
  }
}

void check_network(const Json& example, const Json& inputs, layers::Engine engine) {
  const auto net = make_network(example["options"], engine);
  set_state(*net, inputs["start"]);
  optim::Sgd sgd(net->parameters(), {.lr = example["options"]["lr"]});
  const auto images = [&](size_t i) { return golden::tensor(inputs["batches"][i]["images"]); };
  for (size_t step = 0; step < example["losses"].size(); ++step) {
    INFO("step " << step);
    net->train();
    sgd.clear_grad();
    const Variable logits = (*net)(Variable(images(step)));
    Variable loss =
        ops::softmax_cross_entropy(logits, golden::labels(inputs["batches"][step]["labels"]));
    CHECK(loss.value()[0] == Approx(example["losses"][step].get<double>()).epsilon(kTolerance));
    if (step == 0) golden::check_close(logits.value(), example["logits"], kTolerance, "logits");
    loss.backward();
    for (const auto& parameter : net->parameters()) {
      if (step > 0) break;
      golden::check_close(parameter.value.grad(), example["gradients"].at(parameter.name),
                          kTolerance, "gradient of " + parameter.name);
    }
    sgd.step();
  }
  net->eval();
  const NoGrad no_grad;
  golden::check_close((*net)(Variable(images(2))).value(), example["eval_logits"], kTolerance,
                      "evaluated logits");
}

}  // namespace

TEST_CASE("golden low-bit networks, packed and simulated") {
  const Json& cases = golden::cases("quantized");
  for (const auto& [name, example] : cases.items()) {
    if (name == "inputs") continue;
    INFO(name);
    {
      INFO("packed");
      check_network(example, cases["inputs"], layers::Engine::packed);
    }
    {
      INFO("simulated");
      check_network(example, cases["inputs"], layers::Engine::simulated);
    }
  }
}
