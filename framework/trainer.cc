#include "fracbit/framework/trainer.h"

#include <cmath>
#include <utility>

#include "fracbit/framework/digits.h"
#include "fracbit/framework/diverged.h"
#include "fracbit/framework/error.h"
#include "fracbit/framework/loss.h"

namespace fracbit {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void require(bool ok, const char* what, double got) {
  if (!ok) throw ConfigError(std::string("[trainer] expects ") + what + ", got " + digits(got));
}

}  // namespace

Trainer::Trainer(Module& module, optim::Optimizer& optimizer, const optim::ScheduleSpec& schedule,
                 const TrainerOptions& options)
    : module_(module), optimizer_(optimizer), schedule_(schedule), options_(options) {
  const auto minutes = [](double value) { return std::isfinite(value) && value >= 0; };
  require(options.epochs >= 1, "epochs >= 1", static_cast<double>(options.epochs));
  require(options.checkpoint_steps >= 0, "checkpoint_steps >= 0",
          static_cast<double>(options.checkpoint_steps));
  require(minutes(options.checkpoint_minutes), "checkpoint_minutes >= 0",
          options.checkpoint_minutes);
  require(minutes(options.max_minutes), "max_minutes >= 0", options.max_minutes);
  check_loss({options.loss, options.label_smoothing});
  optim::check_schedule(schedule);
  position_.seed = options.seed;
}

void Trainer::resume(const Checkpoint& checkpoint) {
  if (checkpoint.position.seed != options_.seed) {
    throw ConfigError("[trainer] expects seed " + std::to_string(checkpoint.position.seed) +
                      " of the checkpoint, got " + std::to_string(options_.seed));
  }
  restore(checkpoint, module_, optimizer_);
  position_ = checkpoint.position;
  sums_ = checkpoint.sums;
  best_top1_ = checkpoint.best_top1;
  best_epoch_ = checkpoint.best_epoch;
}

TrainStatus Trainer::fit(BatchSource& train, BatchSource* test) {
  const int64_t batches = train.batches();
  require(batches >= 1, "a source with batches", static_cast<double>(batches));
  if (position_.step > 0 && batches != position_.batches) {
    throw ConfigError("[trainer] expects " + std::to_string(position_.batches) +
                      " batches an epoch as before, got " + std::to_string(batches));
  }
  position_.batches = batches;
  fit_start_ = last_save_ = Clock::now();
  module_.train();
  while (position_.epoch < options_.epochs) {
    const TrainStatus status = run_epoch(train, test);
    save(options_.checkpoint);
    if (status != TrainStatus::finished) {
      stop_ = false;
      return status;
    }
  }
  return TrainStatus::finished;
}

TrainStatus Trainer::run_epoch(BatchSource& train, BatchSource* test) {
  epoch_start_ = Clock::now();
  train_seconds_ = 0;
  images_before_ = sums_.images;
  const TrainStatus status = train_batches(train);
  if (status != TrainStatus::finished) return status;
  return finish_epoch(test) ? TrainStatus::finished : interruption();
}

TrainStatus Trainer::train_batches(BatchSource& train) {
  if (position_.batch == position_.batches) return TrainStatus::finished;
  train.start(position_.epoch, position_.batch);
  Batch batch;
  while (position_.batch < position_.batches) {
    const TrainStatus status = interruption();
    if (status != TrainStatus::finished) return status;
    if (!train.next(batch)) {
      throw ConfigError("[trainer] expects " + std::to_string(position_.batches) +
                        " batches an epoch, the source ended after " +
                        std::to_string(position_.batch));
    }
    train_step(batch);
    if (checkpoint_due()) save(options_.checkpoint);
  }
  return TrainStatus::finished;
}

void Trainer::train_step(const Batch& batch) {
  const auto step = static_cast<uint64_t>(position_.step);
  module_.set_position({position_.seed, step, position_.epoch, options_.epochs});
  optimizer_.set_lr(optim::learning_rate(schedule_, position_.step));
  optimizer_.clear_grad();
  const Variable logits = module_(Variable(batch.images));
  Variable mean = loss({options_.loss, options_.label_smoothing}, logits, batch.labels);
  const auto value = static_cast<double>(mean.value()[0]);
  if (!std::isfinite(value)) throw_diverged(module_, batch, position_.step + 1);
  const TopCounts counts = count_top(logits.value(), batch.labels);
  mean.backward();
  require_finite_gradients(module_, position_.step + 1);
  optimizer_.step();
  module_.after_update();

  ++position_.step;
  ++position_.batch;
  sums_.loss += value * static_cast<double>(counts.images);
  sums_.top1 += counts.top1;
  sums_.images += counts.images;
  train_seconds_ = seconds_since(epoch_start_);
  report_step(value);
}

void Trainer::report_step(double loss) const {
  if (!on_step_) return;
  const auto images = static_cast<double>(sums_.images - images_before_);
  on_step_({.step = position_.step,
            .epoch = position_.epoch + 1,
            .epochs = options_.epochs,
            .batch = position_.batch,
            .batches = position_.batches,
            .images = sums_.images,
            .lr = optimizer_.lr(),
            .loss = loss,
            .images_per_second = train_seconds_ > 0 ? images / train_seconds_ : 0});
}

EpochReport Trainer::training_report() const {
  const auto images = static_cast<double>(sums_.images - images_before_);
  EpochReport report;
  report.epoch = position_.epoch + 1;
  report.step = position_.step;
  report.lr = optim::learning_rate(schedule_, position_.step - 1);
  report.train_loss = sums_.loss / static_cast<double>(sums_.images);
  report.train_top1 = percent(sums_.top1, sums_.images);
  report.images_per_second = train_seconds_ > 0 ? images / train_seconds_ : 0;
  return report;
}

bool Trainer::add_evaluation(BatchSource& test, EpochReport& report) {
  EvaluateOptions options{options_.loss};
  options.on_batch = [&](int64_t done, int64_t of) {
    if (on_evaluate_) on_evaluate_(done, of);
    return interruption() == TrainStatus::finished;
  };
  const Evaluation found = evaluate(module_, test, options);
  report.test_loss = found.loss;
  report.test_top1 = found.top1;
  report.test_top5 = found.top5;
  return found.complete;
}

bool Trainer::finish_epoch(BatchSource* test) {
  EpochReport report = training_report();
  if (test != nullptr && !add_evaluation(*test, report)) return false;
  report.seconds = seconds_since(epoch_start_);
  const bool best = test != nullptr && (best_epoch_ == 0 || report.test_top1 > best_top1_);
  if (best) {
    best_top1_ = report.test_top1;
    best_epoch_ = report.epoch;
  }
  ++position_.epoch;
  position_.batch = 0;
  sums_ = {};
  if (on_epoch_) on_epoch_(report);
  if (best) save(options_.best_checkpoint);
  return true;
}

TrainStatus Trainer::interruption() const {
  if (stop_) return TrainStatus::stopped;
  const bool late =
      options_.max_minutes > 0 && seconds_since(fit_start_) >= 60 * options_.max_minutes;
  return late ? TrainStatus::out_of_time : TrainStatus::finished;
}

bool Trainer::checkpoint_due() const {
  if (options_.checkpoint_steps > 0 && position_.step % options_.checkpoint_steps == 0) return true;
  return options_.checkpoint_minutes > 0 &&
         seconds_since(last_save_) >= 60 * options_.checkpoint_minutes;
}

Checkpoint Trainer::checkpoint() const {
  Checkpoint checkpoint;
  checkpoint.config = options_.config;
  checkpoint.position = position_;
  checkpoint.sums = sums_;
  checkpoint.best_top1 = best_top1_;
  checkpoint.best_epoch = best_epoch_;
  capture(module_, checkpoint);
  capture(optimizer_, checkpoint);
  return checkpoint;
}

void Trainer::save(const std::string& path) {
  if (path.empty()) return;
  require_finite_state(module_, position_.step);
  save_checkpoint(path, checkpoint());
  last_save_ = Clock::now();
}

}  // namespace fracbit
