// Blocks: the packed engine against the simulated one, and both against a composition of single
// layers.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/framework/ops/moments.h"
#include "fracbit/layers/activation.h"
#include "fracbit/layers/batch_norm.h"
#include "fracbit/layers/block.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/flatten.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "fracbit/layers/sequential.h"
#include "support/catch.h"

using namespace fracbit;
using layers::Block;
using layers::Engine;

namespace {

struct Case {
  std::string scheme;
  double weight_bits, act_bits, grad_bits;
  std::string level_grid = "float";
  bool pool_first = false;
  std::string act_mask = "threshold";

  quantize::Spec quant() const {
    quantize::Spec spec;
    spec.scheme = scheme;
    spec.weight_bits = weight_bits;
    spec.act_bits = act_bits;
    spec.grad_bits = grad_bits;
    spec.level_grid = level_grid;
    spec.act_mask = act_mask;
    return spec;
  }
  /// Sums of integers: both engines see the same ones.
  bool exact() const {
    return act_bits < 32 && (level_grid != "float" || scheme == "dorefa" || scheme == "bnn");
  }
};

const Case kCases[] = {
    {"dorefa", 1, 1, 6},
    {"dorefa", 1, 2, 6},
    {"dorefa", 1, 2, 32},
    {"dorefa", 1, 4, 8},
    {"dorefa", 2, 2, 4},
    {"dorefa", 3, 4, 12},
    {"dorefa", 1, 2, 6, "float", true},
    {"bnn", 1, 1, 8, "float", true},
    {"hbnn", 1, 1, 8, "float", true},
    {"hbnn", 1.4, 1.4, 32, "float", true},
    {"hbnn", 1.4, 1.4, 8, "float", true},
    {"hbnn", 1.4, 1.4, 8, "int8", true},
    {"hbnn", 1.4, 1.4, 8, "int10", true},
    {"hbnn", 1.4, 1.4, 8, "float", true, "channel"},
    {"hbnn", 1.4, 1.4, 8, "int8", true, "channel"},
    {"hbnn", 1.4, 32, 32},
    {"hbnn", 1.4, 32, 8, "int8"},
    {"residual", 2, 2, 32, "int8", true},
    {"residual", 3, 32, 2, "int10"},
    {"bwn", 1, 32, 6},
};

/// float block -> quantized block -> flatten -> quantized dense block that ends in floats.
std::shared_ptr<layers::Sequential> network(const Case& c, Engine engine, int64_t channels) {
  const bool packed_inputs = c.act_bits < 32;
  Block::Spec first{.in = 3,
                    .out = channels,
                    .pool = ops::PoolOptions{},
                    .pool_first = c.pool_first,
                    .quantize_output = packed_inputs,
                    .quant = c.quant(),
                    .engine = engine};
  Block::Spec second = first;
  second.in = channels;
  second.out = 20;
  second.quantize_weights = true;
  second.quantized_input = packed_inputs;
  Block::Spec third = second;
  third.kind = layers::ProductKind::linear;
  third.in = 80;
  third.out = 9;
  third.pool = {};
  third.quantize_output = false;
  third.activation = ops::BlockActivation::clip01;
  auto net = std::make_shared<layers::Sequential>();
  net->add("a", std::make_shared<Block>(first))
      .add("b", std::make_shared<Block>(second))
      .add("flatten", std::make_shared<layers::Flatten>())
      .add("c", std::make_shared<Block>(third));
  return net;
}

struct Result {
  std::vector<Tensor> tensors;  // y, parameter gradients, buffers, y in evaluation
  size_t forward = 0;           // the last of these come from forward passes alone
};

/// Draws weights; slopes of both signs, and zero where that is wanted.
void prepare(Module& net, bool zeros) {
  net.initialize(3);
  for (auto& parameter : net.parameters()) {
    // No channel where a sum at the mean of its batch meets the edge of a window exactly.
    if (parameter.name.ends_with("beta")) parameter.value.mutable_value().fill(real(0.137));
    if (!parameter.name.ends_with("gamma")) continue;
    Tensor& gamma = parameter.value.mutable_value();
    for (int64_t i = 0; i < gamma.size(); ++i) {
      gamma[i] = static_cast<real>(i % 5) - static_cast<real>(zeros ? 1 : 1.5);
    }
  }
}

Result run(Module& net, int64_t samples) {
  net.train();
  net.set_position({3, 1});
  const Variable x(ops::example_tensor({samples, 8, 8, 3}, 21, -1.5, 1.5));
  Variable y = net(x);
  Result result;
  const Tensor trained = y.value();
  y.backward(ops::example_tensor(y.shape(), 22, -1, 1));
  for (const auto& parameter : net.parameters()) result.tensors.push_back(parameter.value.grad());
  for (const auto& buffer : net.buffers()) result.tensors.push_back(*buffer.value);
  result.tensors.push_back(trained);
  net.eval();
  const NoGrad no_grad;
  result.tensors.push_back(net(x).value());
  result.forward = net.buffers().size() + 2;
  return result;
}

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double most = 0;
  double largest = 1e-20;
  for (int64_t i = 0; i < a.size(); ++i) {
    most = std::max(most, static_cast<double>(std::abs(a[i] - b[i])));
    largest = std::max(largest, static_cast<double>(std::abs(b[i])));
  }
  return most / largest;
}

}  // namespace

TEST_CASE("both engines compute the same blocks") {
  for (const Case& c : kCases) {
    for (const int64_t channels : {3, 64, 70}) {
      CAPTURE(c.scheme, c.weight_bits, c.act_bits, c.grad_bits, c.level_grid, channels);
      const auto run_engine = [&](Engine engine) {
        const auto net = network(c, engine, channels);
        prepare(*net, true);
        return run(*net, 5);
      };
      const Result packed = run_engine(Engine::packed);
      const Result simulated = run_engine(Engine::simulated);
      REQUIRE(packed.tensors.size() == simulated.tensors.size());
      const size_t gradients = packed.tensors.size() - packed.forward;
      for (size_t i = 0; i < packed.tensors.size(); ++i) {
        CAPTURE(i);
        const double tolerance = i >= gradients && c.exact() ? 0 : 2e-5;
        CHECK(difference(packed.tensors[i], simulated.tensors[i]) <= tolerance);
      }
    }
  }
}

TEST_CASE("a network of blocks is the composition of its single layers") {
  for (const Case& c :
       {Case{"dorefa", 1, 2, 32}, Case{"dorefa", 3, 2, 32}, Case{"bnn", 1, 1, 32, "float", true},
        Case{"hbnn", 1.4, 1.4, 32, "float", true}}) {
    CAPTURE(c.scheme, c.weight_bits);
    using layers::BatchNorm;
    layers::Sequential single;
    const auto norm = [&](const std::string& name, int64_t channels) {
      single.add(name, std::make_shared<BatchNorm>(BatchNorm::Spec{.channels = channels}));
    };
    const auto norm_and_pool = [&](const std::string& name, int64_t channels) {
      const auto pool = std::make_shared<layers::Pool>(layers::Pool::Spec{});
      if (c.pool_first) single.add(name + "p", pool);
      norm(name + "n", channels);
      if (!c.pool_first) single.add(name + "p", pool);
    };
    single.add("a", std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{.in = 3, .out = 6}));
    norm_and_pool("a", 6);
    single.add("b", std::make_shared<layers::QuantConv2d>(
                        layers::QuantConv2d::Spec{.in = 6, .out = 20, .quant = c.quant()}));
    norm_and_pool("b", 20);
    single.add("flatten", std::make_shared<layers::Flatten>());
    single.add("c", std::make_shared<layers::QuantLinear>(
                        layers::QuantLinear::Spec{.in = 80, .out = 9, .quant = c.quant()}));
    norm("cn", 9);
    single.add("h", std::make_shared<layers::Activation>("clip01"));

    const auto blocks = network(c, Engine::packed, 6);
    prepare(*blocks, false);
    auto from = blocks->parameters();
    auto to = single.parameters();
    REQUIRE(from.size() == to.size());
    for (size_t i = 0; i < from.size(); ++i) {
      to[i].value.mutable_value() = from[i].value.value();
    }
    const Result expected = run(single, 5);
    const Result got = run(*blocks, 5);
    // Buffers are in another order: A belongs to the block before.
    for (size_t i = 0; i < from.size(); ++i) {
      CAPTURE(from[i].name);
      CHECK(difference(got.tensors[i], expected.tensors[i]) <= 1e-4);
    }
    CHECK(difference(got.tensors.end()[-2], expected.tensors.end()[-2]) <= 1e-5);
    CHECK(difference(got.tensors.back(), expected.tensors.back()) <= 1e-5);
  }
}

TEST_CASE("evaluation without gradients has the bits of evaluation with them") {
  const std::vector<std::pair<Block::Spec, Shape>> cases{
      {{.in = 3, .out = 32, .stride = 2}, {3, 17, 13, 3}},
      {{.in = 32, .out = 48}, {4, 16, 16, 32}},
      {{.in = 16, .out = 256}, {8, 7, 7, 16}},
      {{.in = 20, .out = 37, .kernel = 1}, {2, 13, 11, 20}},
      {{.in = 8, .out = 12, .groups = 2}, {2, 9, 9, 8}},
      {{.kind = layers::ProductKind::depthwise, .in = 37, .out = 37, .stride = 2}, {2, 9, 9, 37}},
      {{.in = 16,
        .out = 16,
        .kernel = 1,
        .activation = ops::BlockActivation::identity,
        .norm = {.eps = 0.5}},
       {1, 5, 5, 16}},
  };
  for (const auto& [spec, shape] : cases) {
    CAPTURE(spec.in, spec.out, spec.kernel);
    Block block(spec);
    block.initialize(1);
    uint64_t seed = 1;
    for (auto& parameter : block.parameters()) {
      parameter.value.mutable_value() = ops::example_tensor(parameter.value.shape(), seed++);
    }
    for (auto& buffer : block.buffers()) {
      *buffer.value = ops::example_tensor(buffer.value->shape(), seed++, 0.2, 2);
    }
    block.eval();
    const Variable x(ops::example_tensor(shape, 9));
    const Tensor expected = block(x).value();
    const NoGrad no_grad;
    CHECK(std::ranges::equal(block(x).value().span(), expected.span()));
  }
}

TEST_CASE("a first layer whose sums are made again has the gradients of one that keeps them") {
  const Shape image{16, 128, 128, 3};  // sums of 64 MiB
  const Tensor x = ops::example_tensor(image, 21, -1.5, 1.5);
  const ops::Conv2dOptions same_size{.padding_begin = 1, .padding_end = 1};
  for (const bool codes : {false, true}) {
    Block block({.in = 3,
                 .out = 64,
                 .quantize_output = codes,
                 .quant = Case{"dorefa", 1, 2, 6}.quant(),
                 .engine = Engine::packed});
    prepare(block, true);
    const auto parameters = block.parameters();
    const auto value = [&](size_t i) { return parameters[i].value.value(); };
    Variable y = block(Variable(x));
    Tensor mean = Tensor::zeros({64}), var = Tensor::full({64}, 1);
    ops::BlockMoments moments;
    Tensor d = ops::conv2d_forward(x, value(0), nullptr, same_size, &moments);
    auto kept = ops::NormQuantize::forward(
        {.d = std::move(d), .moments = moments.merged()}, value(1), value(2), mean, var,
        {.activation = codes ? ops::BlockActivation::clip01 : ops::BlockActivation::relu,
         .bits = codes ? 2 : 32},
        true);
    if (!codes) {
      y.forget();
      CHECK(std::ranges::equal(y.value().span(), std::get<Tensor>(kept.output).span()));
    }
    const Tensor dy = ops::example_tensor(y.shape(), 22, -1, 1);
    y.backward(dy);
    const auto expected = std::move(kept.state).backward(dy, {});
    const Tensor dw =
        ops::conv2d_weight_gradient(x, std::get<Tensor>(expected.x), value(0).shape(), same_size);
    CAPTURE(codes);
    CHECK(std::ranges::equal(parameters[0].value.grad().span(), dw.span()));
    CHECK(std::ranges::equal(parameters[1].value.grad().span(), expected.gamma.span()));
    CHECK(std::ranges::equal(parameters[2].value.grad().span(), expected.beta.span()));
  }
}
