// Every op against what PyTorch computes in double from the same inputs: values and all gradients.
#include <functional>
#include <span>

#include "fracbit/framework/ops/abs_clip.h"
#include "fracbit/framework/ops/avg_pool.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/clip.h"
#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/depthwise_conv2d.h"
#include "fracbit/framework/ops/global_avg_pool.h"
#include "fracbit/framework/ops/hard_tanh.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/ops/max_pool.h"
#include "fracbit/framework/ops/prelu.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/ops/squared_hinge.h"
#include "golden/golden.h"
#include "support/catch.h"

using namespace fracbit;
using golden::Json;

namespace {

constexpr double kTolerance = 1e-5;

using Inputs = std::span<const Variable>;
using Apply = std::function<Variable(const Json& example, Inputs inputs)>;

/// Runs `apply` over all cases of an op: inputs by name (left undefined where a case has none),
/// result y, gradients "d" + name from dy, or from 1 for a loss.
void check_op(const std::string& op, const std::vector<std::string>& names, const Apply& apply) {
  int checked = 0;
  for (const auto& [name, example] : golden::cases("ops").items()) {
    if (name.rfind(op + "/", 0) != 0) continue;
    INFO(name);
    std::vector<Variable> inputs;
    for (const std::string& input : names) {
      inputs.push_back(example.contains(input) ? Variable(golden::tensor(example[input]), true)
                                               : Variable());
    }
    Variable y = apply(example, inputs);
    golden::check_close(y.value(), example["y"], kTolerance, name + " y");
    if (example.contains("dy")) {
      y.backward(golden::tensor(example["dy"]));
    } else {
      y.backward();
    }
    for (size_t i = 0; i < names.size(); ++i) {
      if (!inputs[i].defined()) continue;
      golden::check_close(inputs[i].grad(), example["d" + names[i]], kTolerance,
                          name + " d" + names[i]);
    }
    ++checked;
  }
  CHECK(checked > 0);
}

ops::Conv2dOptions conv_options(const Json& options) {
  return {.stride = options["stride"],
          .padding_begin = options["padding_begin"],
          .padding_end = options["padding_end"],
          .groups = options["groups"]};
}

ops::PoolOptions pool_options(const Json& options) {
  return {.kernel = options["kernel"],
          .stride = options["stride"],
          .padding_begin = options["padding"],
          .padding_end = options["padding"]};
}

}  // namespace

TEST_CASE("golden conv2d") {
  check_op("conv2d", {"x", "weight", "bias"}, [](const Json& example, Inputs in) {
    return ops::conv2d(in[0], in[1], in[2], conv_options(example["options"]));
  });
}

TEST_CASE("golden depthwise_conv2d, alone and as grouped convolution") {
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

TEST_CASE("golden batch_norm: values, gradients, running statistics") {
  check_op("batch_norm", {"x", "gamma", "beta"}, [](const Json& example, Inputs in) {
    const Json& options = example["options"];
    Tensor mean = golden::tensor(example["mean"]);
    Tensor var = golden::tensor(example["var"]);
    Variable y = ops::batch_norm(in[0], in[1], in[2], mean, var,
                                 {.eps = options["eps"], .momentum = options["momentum"]},
                                 options["training"].get<bool>());
    golden::check_close(mean, example["new_mean"], kTolerance, "running mean");
    golden::check_close(var, example["new_var"], kTolerance, "running variance");
    return y;
  });
}

TEST_CASE("golden activations") {
  check_op("relu", {"x"}, [](const Json&, Inputs in) { return ops::relu(in[0]); });
  check_op("clip", {"x"}, [](const Json& example, Inputs in) {
    const Json& options = example["options"];
    return ops::clip(in[0], options["low"].get<real>(), options["high"].get<real>());
  });
  check_op("hard_tanh", {"x"}, [](const Json&, Inputs in) { return ops::hard_tanh(in[0]); });
  check_op("abs_clip", {"x"}, [](const Json&, Inputs in) { return ops::abs_clip(in[0]); });
  check_op("prelu", {"x", "slope"},
           [](const Json&, Inputs in) { return ops::prelu(in[0], in[1]); });
}

TEST_CASE("golden pooling") {
  check_op("max_pool", {"x"}, [](const Json& example, Inputs in) {
    return ops::max_pool(in[0], pool_options(example["options"]));
  });
  check_op("avg_pool", {"x"}, [](const Json& example, Inputs in) {
    return ops::avg_pool(in[0], pool_options(example["options"]));
  });
  check_op("global_avg_pool", {"x"},
           [](const Json&, Inputs in) { return ops::global_avg_pool(in[0]); });
}

TEST_CASE("golden losses") {
  check_op("softmax_cross_entropy", {"x"}, [](const Json& example, Inputs in) {
    const Json& options = example["options"];
    return ops::softmax_cross_entropy(in[0], golden::labels(options["labels"]),
                                      options["smoothing"].get<double>());
  });
  check_op("squared_hinge", {"x"}, [](const Json& example, Inputs in) {
    return ops::squared_hinge(in[0], golden::labels(example["options"]["labels"]));
  });
}
