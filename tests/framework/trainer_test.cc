#include "fracbit/framework/trainer.h"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/dropout.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/framework/ops/reshape.h"
#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/framework/parallel.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;

namespace {

constexpr int64_t kSide = 6;
constexpr int64_t kClasses = 3;
constexpr int64_t kInputs = kSide * kSide;

/// y = x w, by definition; x [N, K], w [K, F].
Variable product(const Variable& x, const Variable& w) {
  const int64_t n = x.shape()[0];
  const int64_t k = x.shape()[1];
  const int64_t f = w.shape()[1];
  Tensor y = Tensor::zeros({n, f});
  for (int64_t i = 0; i < n * k * f; ++i) {
    const int64_t row = i / (k * f);
    y[row * f + i % f] += x.value()[i / f] * w.value()[i % (k * f)];
  }
  return Variable::from_op("product", std::move(y), {x, w},
                           [=](Tensor&& dy, std::span<Variable> inputs) {
                             Tensor dx = Tensor::zeros({n, k});
                             Tensor dw = Tensor::zeros({k, f});
                             for (int64_t i = 0; i < n * k * f; ++i) {
                               const real g = dy[i / (k * f) * f + i % f];
                               dx[i / f] += g * inputs[1].value()[i % (k * f)];
                               dw[i % (k * f)] += g * inputs[0].value()[i / f];
                             }
                             inputs[0].accumulate(std::move(dx));
                             inputs[1].accumulate(std::move(dw));
                           });
}

class Dense : public Module {
 public:
  Dense(int64_t in, int64_t out) : weight_(add_parameter("weight", {in, out})) {}
  int updates = 0;

 private:
  Variable forward(const Variable& x) override { return product(x, weight_); }
  Shape do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const override {
    return x.with(1, weight_.shape()[1]);
  }
  void do_initialize(uint64_t seed, uint32_t stream) override {
    const Random random(seed, stream, 0, Purpose::initial_weights);
    for (int64_t i = 0; i < weight_.value().size(); ++i) {
      weight_.mutable_value()[i] = static_cast<real>(0.3 * random.normal(i));
    }
  }
  void do_after_update() override { ++updates; }
  Variable weight_;
};

/// Batch norm, dropout and ReLU: running statistics and random numbers.
class Middle : public Module {
 public:
  explicit Middle(int64_t channels)
      : gamma_(add_parameter("gamma", {channels})),
        beta_(add_parameter("beta", {channels})),
        mean_(Tensor::zeros({channels})),
        variance_(Tensor::full({channels}, 1)) {
    gamma_.mutable_value().fill(1);
    add_buffer("mean", &mean_);
    add_buffer("variance", &variance_);
  }

 private:
  Variable forward(const Variable& x) override {
    const Variable y = ops::batch_norm(x, gamma_, beta_, mean_, variance_, {}, training());
    return ops::relu(training() ? ops::dropout(y, 0.2, random(Purpose::dropout)) : y);
  }
  Shape do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const override {
    return x;
  }
  Variable gamma_, beta_;
  Tensor mean_, variance_;
};

class Net : public Module {
 public:
  Net() {
    add_child("first", std::make_shared<Dense>(kInputs, 16));
    add_child("middle", std::make_shared<Middle>(16));
    add_child("last", std::make_shared<Dense>(16, kClasses));
    initialize(11);
  }
  Dense& first() { return static_cast<Dense&>(*children()[0].module); }
  /// Called with each input; for breaking things.
  std::function<void(int64_t call)> on_forward;

 private:
  Variable forward(const Variable& x) override {
    if (on_forward && training()) on_forward(calls_++);
    Variable y = ops::flatten(x);
    for (const Child& child : children()) y = call_child(child, y);
    return y;
  }
  Shape do_trace(const Shape& x, const std::string&, std::vector<LayerInfo>&) const override {
    return x;
  }
  int64_t calls_ = 0;
};

/// Noise with a bright row whose place is the class; the last batch of an epoch is smaller.
class Stripes : public BatchSource {
 public:
  Stripes(int64_t samples, uint64_t seed) : samples_(samples), seed_(seed) {}

  int64_t batches() const override { return (samples_ + kBatch - 1) / kBatch; }
  int64_t samples() const override { return samples_; }
  void start(int64_t epoch, int64_t first_batch) override {
    epoch_ = epoch;
    at_ = first_batch * kBatch;
  }
  bool next(Batch& batch) override {
    const int64_t count = std::min(kBatch, samples_ - at_);
    if (count <= 0) return false;
    batch.images = Tensor::uninitialized({count, kSide, kSide, 1});
    batch.labels.clear();
    for (int64_t i = 0; i < count; ++i, ++at_) {
      const Random random(seed_, static_cast<uint32_t>(at_), static_cast<uint64_t>(epoch_),
                          Purpose::synthetic_data);
      const int64_t label = random.below(1000, kClasses);
      batch.labels.push_back(static_cast<int32_t>(label));
      for (int64_t p = 0; p < kInputs; ++p) {
        const double light = p / kSide == 2 * label ? 1 : 0;
        batch.images[i * kInputs + p] = static_cast<real>(random.uniform(p) + light);
      }
    }
    return true;
  }

 private:
  static constexpr int64_t kBatch = 16;
  int64_t samples_;
  uint64_t seed_;
  int64_t epoch_ = 0;
  int64_t at_ = 0;
};

constexpr int64_t kTrain = 104;  // seven batches
constexpr int64_t kBatches = 7;

/// One process of a training run: everything is made anew.
struct Run {
  explicit Run(TrainerOptions changes = {}) {
    changes.epochs = 3;
    changes.seed = 5;
    changes.label_smoothing = 0.1;
    schedule.base_lr = 0.05;
    schedule.kind = "cosine";
    schedule.total_steps = 3 * kBatches;
    optimizer = std::make_unique<optim::Adam>(net.parameters(), optim::AdamOptions{});
    trainer.emplace(net, *optimizer, schedule, changes);
    trainer->on_epoch([this](const EpochReport& report) { rows.push_back(report); });
  }
  TrainStatus fit() { return trainer->fit(train, &test); }
  TrainStatus fit_until(int64_t step) {
    trainer->on_step([this, step](const StepReport& report) {
      if (report.step == step) trainer->request_stop();
    });
    return fit();
  }

  Net net;
  optim::ScheduleSpec schedule;
  std::unique_ptr<optim::Optimizer> optimizer;
  std::optional<Trainer> trainer;
  Stripes train{kTrain, 1};
  Stripes test{50, 2};
  std::vector<EpochReport> rows;
};

std::string without_times(EpochReport row) {
  row.seconds = row.images_per_second = 0;
  return to_csv(row);
}

void check_same_rows(const std::vector<EpochReport>& a, const std::vector<EpochReport>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(without_times(a[i]) == without_times(b[i]));
}

std::string error_of(const std::function<void()>& train) {
  try {
    train();
  } catch (const DivergedError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("trainer: learns, reports every epoch and keeps the best") {
  const TemporaryFolder folder;
  Run run({.checkpoint = folder / "last.ckpt", .best_checkpoint = folder / "best.ckpt"});
  int64_t steps = 0;
  run.trainer->on_step([&](const StepReport& report) {
    CHECK(report.step == ++steps);
    CHECK(report.batches == kBatches);
    CHECK(report.epoch == (steps - 1) / kBatches + 1);
    CHECK(std::isfinite(report.loss));
  });
  int64_t tested = 0;
  run.trainer->on_evaluate([&](int64_t images, int64_t of) {
    CHECK(images <= of);
    tested = images;
  });
  CHECK(run.fit() == TrainStatus::finished);
  CHECK(steps == 3 * kBatches);
  CHECK(tested == 50);
  CHECK(run.net.first().updates == steps);
  REQUIRE(run.rows.size() == 3);
  CHECK(run.rows[2].epoch == 3);
  CHECK(run.rows[2].step == steps);
  CHECK(run.rows[2].train_loss < run.rows[0].train_loss);
  CHECK(run.rows[2].test_top1 > 60);
  CHECK(run.rows[2].lr == optim::learning_rate(run.schedule, steps - 1));

  const Checkpoint last = load_checkpoint(folder / "last.ckpt");
  CHECK(last.position.epoch == 3);
  CHECK(last.position.batch == 0);
  const Checkpoint best = load_checkpoint(folder / "best.ckpt");
  CHECK(best.best_top1 == run.trainer->best_top1());
  CHECK(best.position.epoch == best.best_epoch);
  restore(best, run.net);
  CHECK(evaluate(run.net, run.test).top1 == run.trainer->best_top1());
  CHECK(run.fit() == TrainStatus::finished);
  CHECK(run.rows.size() == 3);
}

TEST_CASE("trainer: stopped after any step and resumed is as never stopped") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole({.checkpoint = folder / "whole.ckpt"});
  whole.fit();
  for (int64_t stop = 1; stop < 3 * kBatches; ++stop) {
    INFO("stopped after step " << stop);
    Run first({.checkpoint = path});
    REQUIRE(first.fit_until(stop) == TrainStatus::stopped);
    CHECK(load_checkpoint(path).position.step == stop);

    Run second({.checkpoint = path});
    second.trainer->resume(load_checkpoint(path));
    REQUIRE(second.fit() == TrainStatus::finished);
    CHECK(weights_sha256(second.net) == weights_sha256(whole.net));
    CHECK(read_bytes(path) == read_bytes(folder / "whole.ckpt"));
    std::vector<EpochReport> rows = first.rows;
    rows.insert(rows.end(), second.rows.begin(), second.rows.end());
    check_same_rows(rows, whole.rows);
  }
}

TEST_CASE("trainer: a run that is killed goes on from its latest checkpoint") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole;
  whole.fit();
  Run killed({.checkpoint = path, .checkpoint_steps = 4});
  killed.trainer->on_step([](const StepReport& report) {
    if (report.step == 11) throw std::runtime_error("killed");
  });
  CHECK_THROWS_AS(killed.fit(), std::runtime_error);
  const Checkpoint checkpoint = load_checkpoint(path);
  CHECK(checkpoint.position.step == 8);
  CHECK(checkpoint.position.epoch == 1);
  CHECK(checkpoint.position.batch == 1);
  Run resumed({.checkpoint = path});
  resumed.trainer->resume(checkpoint);
  resumed.fit();
  CHECK(weights_sha256(resumed.net) == weights_sha256(whole.net));
  REQUIRE(resumed.rows.size() == 2);
  CHECK(without_times(resumed.rows[0]) == without_times(whole.rows[1]));
}

TEST_CASE("trainer: stopped while it evaluates, it evaluates again") {
  const TemporaryFolder folder;
  const std::string path = folder / "last.ckpt";
  Run whole;
  whole.fit();
  Run first({.checkpoint = path});
  first.trainer->on_evaluate([&](int64_t, int64_t) { first.trainer->request_stop(); });
  CHECK(first.fit() == TrainStatus::stopped);
  CHECK(first.rows.empty());
  Run second;
  second.trainer->resume(load_checkpoint(path));
  CHECK(second.fit() == TrainStatus::finished);
  check_same_rows(second.rows, whole.rows);
  CHECK(weights_sha256(second.net) == weights_sha256(whole.net));
}

TEST_CASE("trainer: the same bits for 1, 2, 3 and 8 threads") {
  std::string expected;
  for (int count : {1, 2, 3, 8}) {
    set_threads(count);
    Run run;
    run.fit();
    const std::string hash = weights_sha256(run.net);
    if (expected.empty()) expected = hash;
    CHECK(hash == expected);
  }
  set_threads(0);
}

TEST_CASE("trainer: a stop before fit, and no time at all") {
  Run stopped;
  stopped.trainer->request_stop();
  CHECK(stopped.fit() == TrainStatus::stopped);
  CHECK(stopped.trainer->position().step == 0);
  CHECK(stopped.fit() == TrainStatus::finished);
  Run late({.max_minutes = 1e-12});
  CHECK(late.fit() == TrainStatus::out_of_time);
  CHECK(late.trainer->position().step == 0);
}

TEST_CASE("trainer: without a test set nothing is measured and nothing is best") {
  const TemporaryFolder folder;
  Run run({.best_checkpoint = folder / "best.ckpt"});
  CHECK(run.trainer->fit(run.train) == TrainStatus::finished);
  CHECK(std::isnan(run.rows.at(2).test_top1));
  CHECK(run.trainer->best_epoch() == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "best.ckpt"));
}

TEST_CASE("trainer: squared hinge learns too") {
  Run run({.loss = "cross-entropy"});
  Net net;
  optim::Sgd sgd(net.parameters(), {.momentum = 0.9});
  Trainer trainer(net, sgd, {.base_lr = 0.02}, {.epochs = 2, .loss = "squared-hinge"});
  std::vector<double> losses;
  trainer.on_epoch([&](const EpochReport& report) { losses.push_back(report.test_loss); });
  CHECK(trainer.fit(run.train, &run.test) == TrainStatus::finished);
  CHECK(losses.at(1) < losses.at(0));
}

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

TEST_CASE("evaluate: changes nothing and goes back to the mode before") {
  Run run;
  run.fit_until(10);
  const std::string before = weights_sha256(run.net);
  run.net.train();
  const Evaluation a = evaluate(run.net, run.test);
  CHECK(run.net.training());
  run.net.eval();
  const Evaluation b = evaluate(run.net, run.test);
  CHECK_FALSE(run.net.training());
  CHECK(grad_enabled());
  CHECK(a.images == 50);
  CHECK(a.loss == b.loss);
  CHECK(a.top1 == b.top1);
  CHECK(a.top5 == 100);
  CHECK(weights_sha256(run.net) == before);
  CHECK_THROWS_AS(evaluate(run.net, run.test, {.loss = "hinge"}), ConfigError);
}
