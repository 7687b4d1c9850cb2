// A whole small training run from one saved state against PyTorch's.
#include <map>

#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/conv2d.h"
#include "fracbit/framework/ops/matmul.h"
#include "fracbit/framework/ops/max_pool.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/framework/ops/reshape.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/optim/sgd.h"
#include "golden/golden.h"
#include "support/catch.h"

using namespace fracbit;
using golden::Json;

namespace {

/// conv - BN - ReLU - pool - conv - BN - ReLU - fc, of single ops.
class SmallNetwork {
 public:
  explicit SmallNetwork(const Json& start) {
    for (const auto& [name, value] : start.items()) {
      if (name.find("running") != std::string::npos) {
        statistics_[name] = golden::tensor(value);
      } else {
        parameters_[name] = Variable(golden::tensor(value), true);
      }
    }
  }

  Variable forward(const Variable& images, bool training) {
    const Variable first = block("1", images, training);
    const Variable second = block("2", ops::max_pool(first, {.kernel = 2, .stride = 2}), training);
    return ops::linear(ops::flatten(second), parameters_["fc.weight"], parameters_["fc.bias"]);
  }

  std::vector<Module::NamedParameter> parameters() const {
    std::vector<Module::NamedParameter> all;
    for (const auto& [name, value] : parameters_) all.push_back({name, value});
    return all;
  }

  void check(const Json& end, double tolerance) const {
    for (const auto& [name, value] : parameters_) {
      golden::check_close(value.value(), end[name], tolerance, name);
    }
    for (const auto& [name, value] : statistics_) {
      golden::check_close(value, end[name], tolerance, name);
    }
  }

 private:
  Variable block(const std::string& number, const Variable& x, bool training) {
    const std::string bn = "bn" + number;
    const Variable y = ops::conv2d(x, parameters_["conv" + number + ".weight"], Variable(),
                                   {.padding_begin = 1, .padding_end = 1});
    return ops::relu(ops::batch_norm(y, parameters_[bn + ".weight"], parameters_[bn + ".bias"],
                                     statistics_[bn + ".running_mean"],
                                     statistics_[bn + ".running_var"], {}, training));
  }

  std::map<std::string, Variable> parameters_;
  std::map<std::string, Tensor> statistics_;
};

}  // namespace

TEST_CASE("golden training run: ten losses, the final state and the evaluated network") {
  const Json& run = golden::cases("training_run").at("small_network");
  const Json& options = run["options"];
  SmallNetwork network(run["start"]);
  optim::Sgd sgd(network.parameters(), {.lr = options["lr"],
                                        .momentum = options["momentum"],
                                        .nesterov = options["nesterov"],
                                        .weight_decay = options["weight_decay"]});
  const Json& batches = run["batches"];
  for (size_t step = 0; step < run["losses"].size(); ++step) {
    const Json& batch = batches[step % batches.size()];
    sgd.clear_grad();
    const Variable logits = network.forward(Variable(golden::tensor(batch["images"])), true);
    Variable loss = ops::softmax_cross_entropy(logits, golden::labels(batch["labels"]));
    INFO("step " << step);
    CHECK(loss.value()[0] == Approx(run["losses"][step].get<double>()).epsilon(1e-4));
    loss.backward();
    sgd.step();
  }
  network.check(run["end"], 1e-4);
  const Variable logits = network.forward(Variable(golden::tensor(batches[0]["images"])), false);
  golden::check_close(logits.value(), run["eval_logits"], 1e-4, "evaluated logits");
}
