#include <memory>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/layers/activation.h"
#include "fracbit/layers/batch_norm.h"
#include "fracbit/layers/conv2d.h"
#include "fracbit/layers/dropout.h"
#include "fracbit/layers/linear.h"
#include "fracbit/layers/pool.h"
#include "fracbit/layers/quant_conv2d.h"
#include "fracbit/layers/residual.h"
#include "fracbit/layers/sequential.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

Variable zeros(const Shape& shape) {
  return Variable(Tensor::zeros(shape));
}

std::string message(Module& module, const Shape& x) {
  try {
    module(zeros(x));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an error tells the path of the layer it comes from, once") {
  auto inner = std::make_shared<layers::Sequential>();
  inner->add("conv", std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{.in = 4, .out = 2}));
  layers::Sequential net;
  net.add("features", inner);
  const std::string text = message(net, {1, 8, 8, 3});
  CHECK(text.rfind("in features.conv: [conv2d]", 0) == 0);
  CHECK(text.find("[1, 8, 8, 3]") != std::string::npos);
}

TEST_CASE("layers refuse shapes that do not fit") {
  layers::Conv2d conv({.in = 3, .out = 4, .kernel = 5, .padding = 0});
  CHECK_THROWS_AS(conv(zeros({1, 4, 4, 3})), ShapeError);
  CHECK_THROWS_AS(conv(zeros({8, 3})), ShapeError);
  layers::Linear linear({.in = 3, .out = 2});
  CHECK_THROWS_AS(linear(zeros({2, 4})), ShapeError);
  layers::BatchNorm norm({.channels = 3});
  CHECK_THROWS_AS(norm(zeros({2, 4})), ShapeError);
  layers::Pool pool({.kernel = 5, .stride = 1});
  CHECK_THROWS_AS(pool(zeros({1, 4, 4, 3})), ShapeError);
  layers::Residual residual(
      std::make_shared<layers::Conv2d>(layers::Conv2d::Spec{.in = 3, .out = 4}));
  CHECK_THROWS_AS(residual(zeros({1, 4, 4, 3})), ShapeError);
}

TEST_CASE("layers refuse settings out of range") {
  CHECK_THROWS_AS(layers::Conv2d({.in = 0, .out = 4}), ConfigError);
  CHECK_THROWS_AS(layers::Conv2d({.in = 3, .out = 4, .stride = 0}), ConfigError);
  CHECK_THROWS_AS(layers::Linear({.in = 3, .out = -1}), ConfigError);
  CHECK_THROWS_AS(layers::BatchNorm({.channels = 0}), ConfigError);
  CHECK_THROWS_AS(layers::Dropout(1), ConfigError);
  CHECK_THROWS_AS(layers::Activation("swish"), ConfigError);
  quantize::Spec quant;
  quant.scheme = "dorefa";
  quant.weight_bits = 1.4;
  CHECK_THROWS_AS(layers::QuantConv2d({.in = 3, .out = 4, .quant = quant}), ConfigError);
}
