// Networks against their deployed form: the same scores, to the bit, as the packed engine in
// evaluation mode on the same instruction set. Inner layers in floats may differ by the rounding of
// Winograd's transforms, which the runtime does without.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/layers/layers.h"
#include "fracbit/layers/sequential.h"
#include "fracbit/models/models.h"
#include "fracbit/quantize/deploy/deploy.h"
#include "fracbit/quantize/deploy/format.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using deploy::PackedModel;

/// Gammas of both signs and zeros, betas, and running statistics that batches have moved.
void unsettle(Module& net, const Shape& images) {
  net.initialize(3);
  int64_t next = 0;
  const Random random(9, 0, 0, Purpose::synthetic_data);
  for (const auto& parameter : net.parameters()) {
    const bool gamma = parameter.name.ends_with("gamma");
    if (!gamma && !parameter.name.ends_with("beta")) continue;
    Variable value = parameter.value;
    for (real& v : value.mutable_value().span()) {
      v = static_cast<real>(random.normal(next));
      if (gamma && ++next % 9 == 0) v = 0;
      ++next;
    }
  }
  net.train();
  for (uint64_t step = 0; step < 3; ++step) {
    net.set_position({1, step});
    net(Variable(ops::example_tensor(images, 20 + step, -2, 2)));
  }
  net.eval();
}

Tensor scores_of(Module& net, const Tensor& images) {
  const NoGrad no_grad;
  return net(Variable(images)).value();
}

/// The largest difference, over the largest score.
double difference(const Tensor& expected, const deploy::Scores& found) {
  REQUIRE(expected.size() == static_cast<int64_t>(found.values().size()));
  double largest = 0, most = 0;
  for (int64_t i = 0; i < expected.size(); ++i) {
    const double score = static_cast<double>(expected[i]);
    most = std::max(most, std::abs(score));
    largest = std::max(
        largest, std::abs(score - static_cast<double>(found.values()[static_cast<size_t>(i)])));
  }
  return largest / std::max(most, 1e-30);
}

struct Case {
  std::string model;
  models::Spec spec;
};

models::Spec spec_of(const char* scheme, double weight_bits, double act_bits) {
  models::Spec spec;
  spec.quant.scheme = scheme;
  if (spec.quant.scheme == "hbnn") spec.quant.level_grid = "float";
  spec.quant.weight_bits = weight_bits;
  spec.quant.act_bits = act_bits;
  return spec;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](const char* model, const models::Spec& spec) {
    all.push_back({model, spec});
  };
  add("cifar4", spec_of("none", 0, 0));
  for (const double a : {1, 2, 3, 5, 8}) add("cifar4", spec_of("dorefa", 1, a));
  add("cifar4", spec_of("dorefa", 2, 2));
  add("cifar4", spec_of("dorefa", 4, 4));
  add("cifar4", spec_of("dorefa", 1, 32));
  add("cifar4", spec_of("bnn", 1, 1));
  add("cifar4", spec_of("bwn", 1, 32));
  add("cifar4", spec_of("residual", 2, 32));
  add("cifar4", spec_of("hbnn", 1.4, 32));
  add("cifar4", spec_of("hbnn", 1.4, 1.4));
  add("cifar4", spec_of("hbnn", 1, 1.4));
  add("cifar4", spec_of("hbnn", 1.4, 1));
  add("lenet5", spec_of("dorefa", 1, 2));
  add("lenet5", spec_of("hbnn", 1.4, 1.4));
  for (const auto& [weight_bits, act_bits] : {std::pair(1.0, 1.0), {1.0, 2.0}, {2.0, 3.0}}) {
    models::Spec spec = spec_of("dorefa", weight_bits, act_bits);
    spec.quant.activation = "cabs";
    spec.quantize_first = spec.quantize_last = true;
    spec.order = quantize::BlockOrder::conv_pool_bn_act;
    add("cifar4", spec);
  }
  models::Spec bnn = spec_of("bnn", 1, 1);
  bnn.quantize_first = bnn.quantize_last = true;
  add("lenet5", bnn);
  for (const char* grid : {"int8", "int10"}) {
    models::Spec spec = spec_of("hbnn", 1.4, 1.4);
    spec.quant.level_grid = grid;
    add("cifar4", spec);
    spec.quant.bit_granularity = "word";
    spec.quantize_last = spec.quant.level_grid == "int8";
    add("cifar4", spec);
    spec.quant.act_bits = 1;
    add("cifar4", spec);
  }
  for (const char* grid : {"float", "int8"}) {
    models::Spec spec = spec_of("hbnn", 1.4, 1.4);
    spec.quant.level_grid = grid;
    spec.quant.act_mask = "channel";
    add("cifar4", spec);
    spec.quant.bit_granularity = "word";
    spec.quant.bit_heuristic = "random";
    add("lenet5", spec);
  }
  for (const double bits : {1, 2, 3}) {
    models::Spec spec = spec_of("residual", 2, bits);
    spec.quant.act_scales = "running";
    add("cifar4", spec);
    spec.quant.level_grid = "int8";
    add("cifar4", spec);
  }
  models::Spec filter = spec_of("hbnn", 1.4, 1.4);
  filter.quant.scope = quantize::Scope::filter;
  add("cifar4", filter);
  return all;
}

std::string title(const Case& one) {
  const quantize::Spec& q = one.spec.quant;
  return one.model + " " + q.scheme + " " + std::to_string(q.weight_bits) + "/" +
         std::to_string(q.act_bits) + " " + q.level_grid + " " + q.bit_granularity + " " +
         q.act_mask;
}

Shape images_of(const std::string& model, int64_t n) {
  const Shape& input = models::find(model).input;
  return {n, input[0], input[1], input[2]};
}

}  // namespace

TEST_CASE("deployed networks give the scores of the networks they are made of") {
  for (const Case& one : cases()) {
    INFO(title(one));
    const auto net = models::make(one.model, one.spec);
    unsettle(*net, images_of(one.model, 4));
    const deploy::Package package = deploy::pack(*net, images_of(one.model, 1));
    const PackedModel packed = package.load();
    const Tensor images = ops::example_tensor(images_of(one.model, 5), 40, -2, 2);
    const Tensor expected = scores_of(*net, images);
    const bool floats = one.spec.quant.act_bits == 32 || one.spec.quant.scheme == "none";
    const double allowed = floats ? 1e-4 : 0;
    CHECK(difference(expected, packed.run(images)) <= allowed);
    CHECK(difference(expected, packed.run(images, deploy::parallel_executor())) <= allowed);
  }
}

TEST_CASE("float weights stored as bytes are near, and a quarter of the size") {
  for (const models::Spec& spec : {spec_of("none", 0, 0), spec_of("dorefa", 1, 2)}) {
    const auto net = models::make("cifar4", spec);
    unsettle(*net, images_of("cifar4", 4));
    const Shape image = images_of("cifar4", 1);
    const deploy::Package floats = deploy::pack(*net, image);
    const deploy::Package bytes =
        deploy::pack(*net, image, {.float_weights = deploy::FloatWeights::int8});
    const deploy::Model model = deploy::lower(*net, image);
    int64_t float_weights = 0;
    for (const deploy::Op& op : model.ops) {
      const auto* block = std::get_if<deploy::Block>(&op);
      if (block != nullptr) float_weights += static_cast<int64_t>(block->weights.values.size());
    }
    const auto saved = static_cast<int64_t>(floats.bytes.size() - bytes.bytes.size());
    CHECK(saved > 3 * float_weights - 4096);
    const Tensor images = ops::example_tensor(images_of("cifar4", 5), 40, -2, 2);
    const double off = difference(scores_of(*net, images), bytes.load().run(images));
    CHECK(off > 0);
    CHECK(off < (spec.quant.scheme == "none" ? 0.02 : 0.2));
  }
}

TEST_CASE("bytes of a float weight are the nearest of 256 levels") {
  deploy::Weights w;
  w.filters = 2;
  w.channels = 70;
  std::vector<float> values;
  for (int i = 0; i < 140; ++i) values.push_back(i < 70 ? std::sin(static_cast<float>(i)) : 0);
  deploy::store_bytes(values, w);
  REQUIRE(w.scales.size() == 2);
  CHECK(w.scales[1] == 0);
  for (int64_t c = 0; c < 70; ++c) {
    int q = 0;
    for (int p = 0; p < 8; ++p) {
      const uint64_t word = w.row(0, 0)[p * w.words_per_plane() + c / 64];
      q |= static_cast<int>(word >> (c % 64) & 1) << p;
    }
    const float found = w.scales[0] * static_cast<float>(2 * q - 255);
    CHECK(std::abs(found - values[static_cast<size_t>(c)]) <= w.scales[0] * 1.0001F);
  }
}

TEST_CASE("a file is hardly larger than the bits and scales in it") {
  const auto check = [](const std::string& model, const models::Spec& spec) {
    INFO(title({model, spec}));
    const auto net = models::make(model, spec);
    net->initialize(1);
    const Shape images = images_of(model, 1);
    const deploy::Package package = deploy::pack(*net, images, {.untrained = true});
    std::vector<LayerInfo> rows;
    net->trace(images, rows);
    int64_t bytes = 0;
    for (const LayerInfo& row : rows) {
      if (row.kind != "batch_norm") bytes += row.packed_bytes;
    }
    CHECK(static_cast<double>(package.bytes.size()) <= 1.03 * static_cast<double>(bytes) + 4096);
  };
  for (const char* model : {"cifar4", "lenet5", "vgg8"}) {
    check(model, spec_of("dorefa", 1, 1));
    check(model, spec_of("dorefa", 1, 2));
    check(model, spec_of("dorefa", 2, 8));
    check(model, spec_of("bnn", 1, 1));
    check(model, spec_of("hbnn", 1.4, 1.4));
    models::Spec word = spec_of("hbnn", 1.4, 1.4);
    word.quant.level_grid = "int8";
    word.quant.bit_granularity = "word";
    check(model, word);
  }
}

TEST_CASE("every layer of the catalogue deploys as it computes, or says that it does not") {
  int deployed = 0;
  std::vector<layers::Example> examples;
  for (const layers::Entry& entry : layers::catalogue()) {
    for (layers::Example& example : entry.examples()) examples.push_back(std::move(example));
  }
  for (const layers::Example& example : examples) {
    if (example.input.rank() != 4 && example.input.rank() != 2) continue;
    INFO(example.name);
    Module& layer = *example.module;
    unsettle(layer, example.input);
    const Shape& x = example.input;
    const Shape image = x.rank() == 4 ? Shape{1, x[1], x[2], x[3]} : Shape{1, x[1]};
    deploy::Model model;
    try {
      model = deploy::lower(layer, image);
    } catch (const ConfigError& error) {
      // Alone, a layer that only says how to read its input leaves no op.
      CHECK_THAT(error.what(), Catch::Matchers::Contains("no deployed form") ||
                                   Catch::Matchers::Contains("expects ops"));
      continue;
    }
    ++deployed;
    const Tensor images = ops::example_tensor(x, 40, -2, 2);
    // Engines agree to rounding where terms are summed.
    CHECK(difference(scores_of(layer, images), PackedModel(model).run(images)) < 1e-5);
  }
  CHECK(deployed > 20);
}

TEST_CASE("what is not trained yet is not deployed") {
  const auto net = models::make("cifar4", spec_of("hbnn", 1.4, 1.4));
  net->initialize(1);
  REQUIRE_THROWS_WITH(
      deploy::pack(*net, images_of("cifar4", 1)),
      "in conv1: [lowering] expects activations that have seen a batch of training");
  const auto residual = models::make("cifar4", spec_of("residual", 2, 2));
  residual->initialize(1);
  REQUIRE_THROWS_WITH(deploy::pack(*residual, images_of("cifar4", 1)),
                      "in conv1: [deploy] scales of each sample have no deployed form; those of "
                      "act-scales running have");
  REQUIRE_THROWS_AS(deploy::pack(*net, Shape{32, 32, 3}), ShapeError);
}
