#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "fracbit/apps/console.h"
#include "fracbit/apps/exit_code.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/machine.h"
#include "fracbit/apps/network.h"
#include "fracbit/apps/print_config.h"
#include "fracbit/apps/progress.h"
#include "fracbit/apps/resume.h"
#include "fracbit/apps/signals.h"
#include "fracbit/apps/table.h"
#include "fracbit/apps/training.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/run_directory.h"

namespace fracbit::apps {
namespace {

RunDirectory::Existing existing(const Settings& settings) {
  if (settings.has("resume")) return RunDirectory::Existing::resume;
  return settings.flag("overwrite") ? RunDirectory::Existing::overwrite
                                    : RunDirectory::Existing::refuse;
}

TrainerOptions trainer_options(const Settings& settings, const RunDirectory& directory) {
  TrainerOptions options;
  options.epochs = settings.integer("epochs");
  options.seed = static_cast<uint64_t>(settings.integer("seed"));
  options.loss = settings.text("loss");
  options.label_smoothing = settings.real("label-smoothing");
  options.checkpoint = directory.last_checkpoint();
  options.best_checkpoint = directory.best_checkpoint();
  options.checkpoint_steps = settings.integer("checkpoint-steps");
  options.checkpoint_minutes = settings.real("checkpoint-minutes");
  options.max_minutes = settings.real("max-time");
  options.config = lasting_config_toml(settings);
  return options;
}

std::string title(const Settings& settings) {
  return settings.text("model") + ", " + quant_title(settings) + ", on " + settings.text("dataset");
}

/// How a run ended.
struct Outcome {
  TrainStatus status = TrainStatus::finished;
  int signal = 0;
  double seconds = 0;
  std::string weights;
  int64_t epochs = 0;
  double best_top1 = 0;
  int64_t best_epoch = 0;
};

/// Everything a run is made of.
class Run {
 public:
  explicit Run(const Settings& settings) : settings_(settings) {
    // First of all, because a folder that cannot be used should be told at once.
    directory_.emplace(settings.text("out"), existing(settings), title(settings));
    test_ = test_loader(settings);  // the smaller set first: a bad file of it is told at once
    train_ = train_loader(settings);
    network_ = make_network(settings);
    network_.module->initialize(static_cast<uint64_t>(settings.integer("seed")));
    optimizer_ = make_optimizer(settings, network_.module->parameters());
    schedule_ = make_schedule(settings, train_->batches());
    from_ = checkpoint_to_resume(settings);
  }

  Outcome fit(Progress& progress) {
    Trainer trainer(*network_.module, *optimizer_, schedule_,
                    trainer_options(settings_, *directory_));
    if (from_) trainer.resume(*from_);
    directory_->start(trainer.position().epoch);
    directory_->write_config(lasting_config_toml(settings_));
    announce(progress, trainer.position());
    trainer.on_step([&](const StepReport& report) { progress.step(report); });
    trainer.on_evaluate([&](int64_t images, int64_t of) { progress.evaluating(images, of); });
    trainer.on_epoch([&](const EpochReport& report) {
      directory_->append(report);
      progress.epoch(report, settings_.integer("epochs"));
    });
    const auto start = std::chrono::steady_clock::now();
    const StopOnSignal stop(trainer);
    Outcome outcome;
    outcome.status = trainer.fit(*train_, test_.get());
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    outcome.signal = outcome.status == TrainStatus::stopped ? stop.received() : 0;
    outcome.weights = weights_sha256(*network_.module);
    outcome.epochs = trainer.position().epoch;
    outcome.best_top1 = trainer.best_top1();
    outcome.best_epoch = trainer.best_epoch();
    return outcome;
  }

  const RunDirectory& directory() const { return *directory_; }

 private:
  void announce(Progress& progress, const TrainingPosition& position) const {
    std::string text = title(settings_) + ": " + grouped(train_->samples()) + " training and " +
                       grouped(test_->samples()) + " test images";
    if (from_) {
      text += ", goes on after step " + std::to_string(position.step) + " of " + from_->path;
    }
    progress.line(printable(text));
  }

  const Settings& settings_;
  std::unique_ptr<data::DataLoader> train_;
  std::unique_ptr<data::DataLoader> test_;
  Network network_;
  std::optional<Checkpoint> from_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  optim::ScheduleSpec schedule_;
  std::optional<RunDirectory> directory_;
};

const char* status_name(TrainStatus status) {
  switch (status) {
    case TrainStatus::finished:
      return "finished";
    case TrainStatus::stopped:
      return "stopped";
    case TrainStatus::out_of_time:
      return "out_of_time";
  }
  return "";
}

/// The checkpoint that is worth using next.
std::string checkpoint_path(const RunDirectory& directory, const Outcome& outcome) {
  const bool best = outcome.status == TrainStatus::finished && outcome.best_epoch > 0;
  return best ? directory.best_checkpoint() : directory.last_checkpoint();
}

std::string text(const Settings& settings, const RunDirectory& directory, const Outcome& outcome) {
  std::string out = title(settings) + "\n";
  if (outcome.best_epoch > 0) {
    out += "  test accuracy  " + fixed(directory.rows().back().test_top1, 2) + " % (best " +
           fixed(outcome.best_top1, 2) + " %, epoch " + std::to_string(outcome.best_epoch) + ")\n";
  }
  out += "  epochs         " + std::to_string(outcome.epochs) + " of " +
         std::to_string(settings.integer("epochs")) + ", " + clock_text(outcome.seconds) +
         " min\n  curves         " + directory.curves() + "\n";
  if (outcome.status != TrainStatus::finished) {
    return out + "  saved          " + directory.last_checkpoint() +
           "\n  go on with     fracbit train --out " + directory.path() + " --resume auto\n";
  }
  return out + "  use it with    fracbit eval " + checkpoint_path(directory, outcome) + "\n";
}

std::string json(const Settings& settings, const RunDirectory& directory, const Outcome& outcome) {
  EpochReport last;
  last.train_loss = last.images_per_second = EpochReport::kNone;
  if (!directory.rows().empty()) last = directory.rows().back();
  nlohmann::ordered_json best = nullptr;
  if (outcome.best_epoch > 0) best = outcome.best_top1;
  return json_text({{"model", settings.text("model")},
                    {"quant", settings.text("quant")},
                    {"weight_bits", settings.real("weight-bits")},
                    {"act_bits", settings.real("act-bits")},
                    {"grad_bits", settings.real("grad-bits")},
                    {"dataset", settings.text("dataset")},
                    {"status", status_name(outcome.status)},
                    {"epochs", outcome.epochs},
                    {"train_loss", last.train_loss},
                    {"test_top1", last.test_top1},
                    {"best_top1", std::move(best)},
                    {"test_top5", last.test_top5},
                    {"images_per_second", last.images_per_second},
                    {"seconds", outcome.seconds},
                    {"peak_rss_bytes", peak_rss_bytes()},
                    {"directory", directory.path()},
                    {"checkpoint", checkpoint_path(directory, outcome)},
                    {"weights_sha256", outcome.weights}});
}

Result train(const Settings& settings) {
  set_threads(static_cast<int>(settings.integer("threads")));
  Run run(settings);
  Progress progress(settings.flag("quiet"));
  const Outcome outcome = run.fit(progress);
  Result result = {text(settings, run.directory(), outcome),
                   json(settings, run.directory(), outcome), kDone};
  if (outcome.signal != 0) result.exit_code = kSignalBase + outcome.signal;
  return result;
}

}  // namespace

const Command train_command = {
    .name = "train",
    .summary = "trains a network and evaluates it after each epoch; writes a run directory",
    .takes = kTrain,
    .notes =
        "SIGINT and SIGTERM finish the step and save; --resume auto goes on from there, with "
        "the same final weights as an uninterrupted run.",
    .examples =
        "fracbit train --quant hbnn --weight-bits 1.4 --act-bits 1.4 --out run\n"
        "fracbit train --dataset mnist --data-dir mnist --model lenet5 --quant dorefa\n"
        "fracbit train --recipe cifar10-cifar4-hbnn --data-dir cifar --out cifar-run\n"
        "fracbit train --out cifar-run --resume auto",
    .complete = complete_run,
    .run = train,
};

}  // namespace fracbit::apps
