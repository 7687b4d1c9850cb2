// What a training run says and keeps when something goes wrong.

#include "fracbit/framework/trainer.h"

#include <limits>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "trainer_case.h"

using namespace fracbit;
using namespace fracbit::testing::trainer_case;
using fracbit::test::TemporaryFolder;

TEST_CASE("trainer: divergence names module, step and what, and keeps the checkpoint") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const real huge = std::numeric_limits<real>::max();
  const auto weight = [](Net& net, size_t i) { return net.parameters()[i].value; };

  Run parameter({.checkpoint = path, .checkpoint_steps = 2});
  parameter.net.on_forward = [&](int64_t call) {
    if (call == 3) weight(parameter.net, 3).mutable_value()[5] = nan;
  };
  CHECK(error_of([&] { parameter.fit(); }) == "in last: parameter weight is not finite at step 4");
  const Checkpoint kept = load_checkpoint(path);
  CHECK(kept.position.step == 2);

  Run output;
  output.net.on_forward = [&](int64_t call) {
    if (call == 9) weight(output.net, 0).mutable_value().fill(huge);
  };
  CHECK(error_of([&] { output.fit(); }) == "in first: the output is not finite at step 10");
}

TEST_CASE("trainer: an image that is not finite") {
  class Broken : public Stripes {
   public:
    using Stripes::Stripes;
    bool next(Batch& batch) override {
      if (!Stripes::next(batch)) return false;
      batch.images[3] = std::numeric_limits<real>::infinity();
      return true;
    }
  };
  Net net;
  optim::Sgd sgd(net.parameters(), {});
  Trainer trainer(net, sgd, {}, {});
  Broken train(kTrain, 1);
  CHECK(error_of([&] { trainer.fit(train); }) == "an image is not finite at step 1");
}

TEST_CASE("trainer: a gradient that is not finite, of a finite loss") {
  class Steep : public Module {
   public:
    Steep() { add_child("inner", std::make_shared<Dense>(kInputs, kClasses)); }

   private:
    Variable forward(const Variable& x) override {
      const Variable y = call_child(children()[0], ops::flatten(x));
      return Variable::from_op("steep", y.value(), {y},
                               [](Tensor&& dy, std::span<Variable> inputs) {
                                 dy.fill(std::numeric_limits<real>::infinity());
                                 inputs[0].accumulate(std::move(dy));
                               });
    }
    Shape do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const override {
      return x;
    }
  };
  Steep module;
  optim::Sgd sgd(module.parameters(), {});
  Trainer trainer(module, sgd, {}, {});
  Stripes train(kTrain, 1);
  const std::string before = weights_sha256(module);
  CHECK(error_of([&] { trainer.fit(train); }) ==
        "in inner: gradient of weight is not finite at step 1");
  CHECK(weights_sha256(module) == before);
}

TEST_CASE("trainer: a buffer that is not finite never reaches a checkpoint") {
  const TemporaryFolder folder;
  Run run({.checkpoint = folder / "last.ckpt", .checkpoint_steps = 1});
  run.net.on_forward = [&](int64_t call) {
    if (call == 2) run.net.buffers()[1].value->fill(std::numeric_limits<real>::infinity());
  };
  CHECK(error_of([&] { run.fit(); }) == "in middle: buffer variance is not finite at step 3");
  CHECK(load_checkpoint(folder / "last.ckpt").position.step == 2);
}

TEST_CASE("trainer: options and checkpoints that do not fit are refused") {
  Net net;
  optim::Sgd sgd(net.parameters(), {});
  const auto make = [&](const TrainerOptions& options, const optim::ScheduleSpec& schedule = {}) {
    Trainer(net, sgd, schedule, options);
  };
  CHECK_NOTHROW(make({}));
  CHECK_THROWS_AS(make({.epochs = 0}), ConfigError);
  CHECK_THROWS_AS(make({.checkpoint_steps = -1}), ConfigError);
  CHECK_THROWS_AS(make({.checkpoint_minutes = -1}), ConfigError);
  CHECK_THROWS_AS(make({.max_minutes = std::nan("")}), ConfigError);
  CHECK_THROWS_AS(make({.loss = "hinge"}), ConfigError);
  CHECK_THROWS_AS(make({.label_smoothing = 1.5}), ConfigError);
  CHECK_THROWS_AS(make({.loss = "squared-hinge", .label_smoothing = 0.1}), ConfigError);
  CHECK_THROWS_AS(make({}, {.kind = "sawtooth"}), ConfigError);

  Run run;
  run.fit_until(3);
  const Checkpoint checkpoint = run.trainer->checkpoint();
  Trainer other_seed(net, sgd, {}, {.seed = 6});
  CHECK_THROWS_AS(other_seed.resume(checkpoint), ConfigError);
  Trainer other_optimizer(net, sgd, {}, {.seed = 5});
  const std::string before = weights_sha256(net);
  CHECK_THROWS_AS(other_optimizer.resume(checkpoint), FileError);
  CHECK(weights_sha256(net) == before);

  Stripes empty(0, 1);
  CHECK_THROWS_AS(run.trainer->fit(empty), ConfigError);
  Stripes shorter(kTrain - 16, 1);
  CHECK_THROWS_AS(run.trainer->fit(shorter), ConfigError);
}

TEST_CASE("trainer: a checkpoint that cannot be written ends the run") {
  const TemporaryFolder folder;
  Run run({.checkpoint = folder / "missing/last.ckpt"});
  CHECK_THROWS_AS(run.fit(), WriteError);
}

TEST_CASE("trainer: a source that ends too early is said") {
  class Short : public Stripes {
   public:
    using Stripes::Stripes;
    int64_t batches() const override { return kBatches + 1; }
  };
  Run run;
  Short train(kTrain, 1);
  CHECK_THROWS_AS(run.trainer->fit(train), ConfigError);
}
