// Optimizers and schedules against PyTorch's trajectories.
#include <memory>

#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/schedule.h"
#include "fracbit/framework/optim/sgd.h"
#include "golden/golden.h"
#include "support/catch.h"

using namespace fracbit;
using golden::Json;

namespace {

std::unique_ptr<optim::Optimizer> make_optimizer(const std::string& name, const Json& options,
                                                 std::vector<Module::NamedParameter> parameters) {
  if (name.rfind("sgd/", 0) == 0) {
    return std::make_unique<optim::Sgd>(std::move(parameters),
                                        optim::SgdOptions{.lr = options["lr"],
                                                          .momentum = options["momentum"],
                                                          .nesterov = options["nesterov"],
                                                          .weight_decay = options["weight_decay"]});
  }
  return std::make_unique<optim::Adam>(std::move(parameters),
                                       optim::AdamOptions{.lr = options["lr"],
                                                          .beta1 = options["beta1"],
                                                          .beta2 = options["beta2"],
                                                          .epsilon = options["epsilon"],
                                                          .weight_decay = options["weight_decay"],
                                                          .decoupled = options["decoupled"]});
}

void check_trajectory(const std::string& name, const Json& example) {
  std::vector<Module::NamedParameter> parameters;
  for (const Json& start : example["start"]) {
    parameters.push_back(
        {std::to_string(parameters.size()), Variable(golden::tensor(start), true)});
  }
  const auto optimizer = make_optimizer(name, example["options"], parameters);
  for (const Json& step : example["steps"]) {
    optimizer->set_lr(step["lr"]);
    optimizer->clear_grad();
    for (size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].value.accumulate(golden::tensor(step["gradients"][i]));
    }
    optimizer->step();
    for (size_t i = 0; i < parameters.size(); ++i) {
      golden::check_close(parameters[i].value.value(), step["parameters"][i], 1e-6,
                          name + " after step " + std::to_string(optimizer->steps()));
    }
  }
}

}  // namespace

TEST_CASE("golden optimizers: parameters after each of five steps") {
  for (const auto& [name, example] : golden::cases("optimizers").items()) {
    INFO(name);
    check_trajectory(name, example);
  }
}

TEST_CASE("golden schedules: the learning rate of each step") {
  for (const auto& [name, example] : golden::cases("schedules").items()) {
    INFO(name);
    const Json& options = example["options"];
    optim::ScheduleSpec spec;
    spec.kind = name;
    spec.base_lr = options["base_lr"];
    spec.total_steps = options.value("total_steps", int64_t{12});
    spec.step_size = options.value("step_size", spec.step_size);
    spec.milestones = options.value("milestones", std::vector<int64_t>{});
    spec.gamma = options.value("gamma", spec.gamma);
    const Json& rates = example["lr"];
    for (size_t step = 0; step < rates.size(); ++step) {
      INFO("step " << step);
      CHECK(optim::learning_rate(spec, static_cast<int64_t>(step)) ==
            Approx(rates[step].get<double>()).epsilon(1e-12));
    }
  }
}
