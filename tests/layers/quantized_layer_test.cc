// The packed engine against the float simulation, layer by layer.
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/ops/examples.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/quant_linear.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

struct Case {
  std::string scheme;
  double weight_bits;
  double act_bits;
  bool exact;  // one plane on each side, codes, or integers of a grid: integer sums
  std::string level_grid = "float";
};

const Case kCases[] = {{"dorefa", 1, 1, true},
                       {"dorefa", 1, 2, true},
                       {"dorefa", 1, 4, true},
                       {"dorefa", 2, 2, true},
                       {"dorefa", 4, 3, true},
                       {"bnn", 1, 1, true},
                       {"residual", 1, 1, true},
                       {"residual", 2, 2, false},
                       {"hbnn", 1.4, 1.4, false},
                       {"hbnn", 1, 1.4, false},
                       {"hbnn", 1.7, 1.2, false},
                       {"hbnn", 1.4, 1.4, true, "int8"},
                       {"hbnn", 2, 1, true, "int8"},
                       {"residual", 3, 2, true, "int8"},
                       {"residual", 3, 2, false, "int10"}};

quantize::Spec spec_of(const Case& c) {
  quantize::Spec quant;
  quant.scheme = c.scheme;
  quant.weight_bits = c.weight_bits;
  quant.act_bits = c.act_bits;
  quant.grad_bits = 6;
  quant.level_grid = c.level_grid;
  return quant;
}

struct Result {
  Tensor y, dx, dw;
};

template <typename Layer>
Result run(typename Layer::Spec spec, layers::Engine engine, const Shape& input) {
  spec.engine = engine;
  Layer layer(spec);
  layer.initialize(3);
  layer.train();
  layer.set_position({3, 1});
  const Variable x(ops::example_tensor(input, 21, -1.5, 1.5), true);
  Variable y = layer(x);
  Result result{y.value(), {}, {}};
  y.backward(ops::example_tensor(y.shape(), 22, -1, 1));
  result.dx = x.grad();
  result.dw = layer.parameters()[0].value.grad();
  return result;
}

double difference(const Tensor& a, const Tensor& b) {
  double most = 0;
  double largest = 0;
  REQUIRE(a.shape() == b.shape());
  for (int64_t i = 0; i < a.size(); ++i) {
    most = std::max(most, static_cast<double>(std::abs(a[i] - b[i])));
    largest = std::max(largest, static_cast<double>(std::abs(b[i])));
  }
  REQUIRE(largest > 0);
  return most / largest;
}

void compare(const Case& c, const Result& packed, const Result& simulated) {
  if (c.exact) {
    CHECK(difference(packed.y, simulated.y) == 0);
  } else {
    CHECK(difference(packed.y, simulated.y) < 1e-5);
  }
  // Integers under a scale, or floats under it.
  CHECK(difference(packed.dx, simulated.dx) < 1e-5);
  CHECK(difference(packed.dw, simulated.dw) < 1e-5);
}

}  // namespace

TEST_CASE("both engines compute the same convolution and the same gradients") {
  for (const Case& c : kCases) {
    for (const int64_t channels : {3, 64, 65}) {
      for (const int64_t stride : {1, 2}) {
        CAPTURE(c.scheme, c.weight_bits, c.act_bits, c.level_grid, channels, stride);
        const layers::QuantConv2d::Spec spec{
            .in = channels, .out = 5, .stride = stride, .quant = spec_of(c)};
        const Shape input{2, 7, 7, channels};
        compare(c, run<layers::QuantConv2d>(spec, layers::Engine::packed, input),
                run<layers::QuantConv2d>(spec, layers::Engine::simulated, input));
      }
    }
  }
}

TEST_CASE("both engines compute the same dense layer and the same gradients") {
  for (const Case& c : kCases) {
    for (const int64_t in : {1, 64, 200}) {
      CAPTURE(c.scheme, c.weight_bits, c.act_bits, c.level_grid, in);
      const layers::QuantLinear::Spec spec{.in = in, .out = 33, .quant = spec_of(c)};
      const Shape input{6, in};
      compare(c, run<layers::QuantLinear>(spec, layers::Engine::packed, input),
              run<layers::QuantLinear>(spec, layers::Engine::simulated, input));
    }
  }
}

TEST_CASE("masks that are kept between steps are part of a layer's state") {
  quantize::Spec quant;
  quant.scheme = "hbnn";
  quant.mask_refresh = 10;
  layers::QuantConv2d layer({.in = 3, .out = 4, .quant = quant});
  bool mask = false;
  for (const auto& buffer : layer.buffers()) {
    if (buffer.name != "weight_quantizer.mask") continue;
    mask = true;
    CHECK(buffer.value->shape() == Shape{4, 3, 3, 3});
  }
  CHECK(mask);
}
