// Convolutions and matrix products against what PyTorch computes in double from the same inputs.
#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/depthwise_conv2d.h"
#include "fracbit/framework/ops/matmul.h"
#include "golden/check_op.h"
#include "support/catch.h"

using namespace fracbit;
using golden::check_op;
using golden::Inputs;
using golden::Json;

namespace {

ops::Conv2dOptions conv_options(const Json& options) {
  return {.stride = options["stride"],
          .padding_begin = options["padding_begin"],
          .padding_end = options["padding_end"],
          .groups = options["groups"]};
}

}  // namespace

TEST_CASE("golden conv2d") {
  check_op("conv2d", {"x", "weight", "bias"}, [](const Json& example, Inputs in) {
    return ops::conv2d(in[0], in[1], in[2], conv_options(example["options"]));
  });
}

TEST_CASE("golden depthwise_conv2d, and the same as a convolution in groups") {
  check_op("depthwise_conv2d", {"x", "weight", "bias"}, [](const Json& example, Inputs in) {
    return ops::depthwise_conv2d(in[0], in[1], in[2], conv_options(example["options"]));
  });
  check_op("depthwise_conv2d", {"x", "weight", "bias"}, [](const Json& example, Inputs in) {
    return ops::conv2d(in[0], in[1], in[2], conv_options(example["options"]));
  });
}

TEST_CASE("golden linear and matmul") {
  check_op("linear", {"x", "weight", "bias"},
           [](const Json&, Inputs in) { return ops::linear(in[0], in[1], in[2]); });
  check_op("matmul", {"a", "b"}, [](const Json&, Inputs in) { return ops::matmul(in[0], in[1]); });
}
