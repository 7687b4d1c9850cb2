#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/ops/batch_norm.h"
#include "fracbit/framework/ops/dropout.h"
#include "fracbit/framework/ops/relu.h"
#include "fracbit/framework/ops/reshape.h"
#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/framework/trainer.h"
#include "support/catch.h"

/// A small network and images, for tests of the trainer.
namespace fracbit::testing::trainer_case {

constexpr int64_t kSide = 6;
constexpr int64_t kClasses = 3;
constexpr int64_t kInputs = kSide * kSide;

/// y = x w, by definition; x [N, K], w [K, F].
inline Variable product(const Variable& x, const Variable& w) {
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

inline std::string without_times(EpochReport row) {
  row.seconds = row.images_per_second = 0;
  return to_csv(row);
}

inline void check_same_rows(const std::vector<EpochReport>& a, const std::vector<EpochReport>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(without_times(a[i]) == without_times(b[i]));
}

inline std::string error_of(const std::function<void()>& train) {
  try {
    train();
  } catch (const DivergedError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace fracbit::testing::trainer_case
