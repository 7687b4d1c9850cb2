#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "fracbit/framework/batch.h"
#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/evaluate.h"
#include "fracbit/framework/metrics.h"
#include "fracbit/framework/module.h"
#include "fracbit/framework/optim/optimizer.h"
#include "fracbit/framework/optim/schedule.h"

namespace fracbit {

struct TrainerOptions {
  int64_t epochs = 1;                  ///< >= 1, all of them, also those before a resume
  uint64_t seed = 0;                   ///< of the random numbers that layers draw
  std::string loss = "cross-entropy";  ///< or "squared-hinge"
  double label_smoothing = 0;          ///< 0..1, cross-entropy only

  std::string checkpoint = "";       ///< file for the latest state; empty: none
  std::string best_checkpoint = "";  ///< file for the state with the best test_top1; empty: none
  int64_t checkpoint_steps = 0;      ///< also every so many steps of an epoch; 0: not
  double checkpoint_minutes = 10;    ///< also after so many minutes without one; 0: not
  double max_minutes = 0;            ///< stop after so many minutes; 0: no limit
  std::string config = "";           ///< TOML, stored in checkpoints
};

/// After each optimizer step.
struct StepReport {
  int64_t step = 0;   ///< done, from 1
  int64_t epoch = 0;  ///< going on, from 1
  int64_t epochs = 0;
  int64_t batch = 0;    ///< of the epoch, done
  int64_t batches = 0;  ///< of the epoch
  int64_t images = 0;   ///< of the epoch, done
  double lr = 0;
  double loss = 0;               ///< of this batch
  double images_per_second = 0;  ///< of the epoch so far
};

enum class TrainStatus {
  finished,     ///< all epochs are done
  stopped,      ///< by request_stop()
  out_of_time,  ///< max_minutes
};

/// Trains a module: batches, schedule, evaluation after each epoch, checkpoints. Prints nothing;
/// what happens is told to callbacks, on the calling thread. A run that was stopped, or killed, and
/// resumed from its latest checkpoint gives the same bits as one that was not, for any number of
/// threads. Not copyable.
class Trainer {
 public:
  /// All references must outlive the trainer. Throws ConfigError if an option is out of range.
  Trainer(Module& module, optim::Optimizer& optimizer, const optim::ScheduleSpec& schedule,
          const TrainerOptions& options);

  void on_step(std::function<void(const StepReport&)> callback) { on_step_ = std::move(callback); }
  /// Called before the checkpoint of the epoch is written, so that a row is never lost; one that
  /// comes again after a resume replaces the first.
  void on_epoch(std::function<void(const EpochReport&)> callback) {
    on_epoch_ = std::move(callback);
  }
  /// Progress of the evaluation: test images done, and of how many.
  void on_evaluate(std::function<void(int64_t images, int64_t of)> callback) {
    on_evaluate_ = std::move(callback);
  }

  /// Goes on from a checkpoint: parameters, buffers, optimizer, position, sums, best. Throws
  /// FileError if it does not fit the module or the optimizer; ConfigError if its seed is another.
  void resume(const Checkpoint& checkpoint);

  /// Trains until all epochs are done, or something stops it; then the state is in the checkpoint
  /// file and fit() may be called again. `test` may be null. Throws DivergedError if loss,
  /// gradients or values become NaN or infinite, and leaves the checkpoint files as they were;
  /// WriteError; FileError; ConfigError if `train` has no batches, or not as many as in the
  /// checkpoint.
  TrainStatus fit(BatchSource& train, BatchSource* test = nullptr);

  /// Makes fit(), or the next one, return after the step or the batch of evaluation that is going
  /// on. May be called from another thread and from a signal handler.
  void request_stop() noexcept { stop_ = true; }

  /// The state as a checkpoint.
  Checkpoint checkpoint() const;
  const TrainingPosition& position() const { return position_; }
  double best_top1() const { return best_top1_; }
  int64_t best_epoch() const { return best_epoch_; }

 private:
  using Clock = std::chrono::steady_clock;

  TrainStatus run_epoch(BatchSource& train, BatchSource* test);
  TrainStatus train_batches(BatchSource& train);
  void train_step(const Batch& batch);
  /// Evaluates, reports and moves on to the next epoch; false if the evaluation was stopped.
  bool finish_epoch(BatchSource* test);
  bool add_evaluation(BatchSource& test, EpochReport& report);
  EpochReport training_report() const;
  void report_step(double loss) const;
  TrainStatus interruption() const;
  bool checkpoint_due() const;
  void save(const std::string& path);

  Module& module_;
  optim::Optimizer& optimizer_;
  optim::ScheduleSpec schedule_;
  TrainerOptions options_;
  std::function<void(const StepReport&)> on_step_;
  std::function<void(const EpochReport&)> on_epoch_;
  std::function<void(int64_t, int64_t)> on_evaluate_;

  TrainingPosition position_;
  EpochSums sums_;
  double best_top1_ = 0;
  int64_t best_epoch_ = 0;

  std::atomic<bool> stop_{false};
  Clock::time_point fit_start_, epoch_start_, last_save_;
  int64_t images_before_ = 0;  ///< images of this epoch that an earlier process trained on
  double train_seconds_ = 0;   ///< of this epoch
};

}  // namespace fracbit
