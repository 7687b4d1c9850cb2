// Ops other than products against what PyTorch computes in double from the same inputs.
#include "fracbit/framework/ops/abs_clip.h"
#include "fracbit/framework/ops/avg_pool.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/clip.h"
#include "fracbit/framework/ops/global_avg_pool.h"
#include "fracbit/framework/ops/hard_tanh.h"
#include "fracbit/framework/ops/max_pool.h"
#include "fracbit/framework/ops/prelu.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/ops/squared_hinge.h"
#include "golden/check_op.h"
#include "support/catch.h"

using namespace fracbit;
using golden::check_op;
using golden::Inputs;
using golden::Json;

namespace {

ops::PoolOptions pool_options(const Json& options) {
  return {.kernel = options["kernel"],
          .stride = options["stride"],
          .padding_begin = options["padding"],
          .padding_end = options["padding"]};
}

}  // namespace

TEST_CASE("golden batch_norm: values, gradients, running statistics") {
  check_op("batch_norm", {"x", "gamma", "beta"}, [](const Json& example, Inputs in) {
    const Json& options = example["options"];
    Tensor mean = golden::tensor(example["mean"]);
    Tensor var = golden::tensor(example["var"]);
    Variable y = ops::batch_norm(in[0], in[1], in[2], mean, var,
                                 {.eps = options["eps"], .momentum = options["momentum"]},
                                 options["training"].get<bool>());
    golden::check_close(mean, example["new_mean"], golden::kOpTolerance, "running mean");
    golden::check_close(var, example["new_var"], golden::kOpTolerance, "running variance");
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
