#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "fracbit/apps/classes.h"
#include "fracbit/apps/json_text.h"
#include "fracbit/apps/stored_network.h"
#include "fracbit/apps/table.h"
#include "fracbit/apps/training.h"
#include "fracbit/apps/value.h"
#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/evaluate.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::apps {
namespace {

/// The --dataset must have images and classes that the network was made for.
void require_same_images(const Settings& settings, const Network& network) {
  const data::DatasetInfo& info = data::find(settings.text("dataset")).info;
  const auto classes = static_cast<int64_t>(info.class_names.size());
  if (info.image_shape == network.input && classes == network.classes) return;
  throw settings.error("dataset", "expects images " + to_string(network.input) + " of " +
                                      std::to_string(network.classes) + " classes, got " +
                                      to_string(info.image_shape) + " of " +
                                      std::to_string(classes));
}

/// The --predictions must not replace the network that they are of.
void require_another_file(const Settings& settings) {
  std::error_code missing;
  if (!std::filesystem::equivalent(settings.arguments().front(), settings.text("predictions"),
                                   missing)) {
    return;
  }
  throw settings.error("predictions", "expects another file than the network's, got " +
                                          settings.text("predictions"));
}

/// A CSV file of one row for each image, in the order of the data set.
class Predictions {
 public:
  explicit Predictions(const std::string& path) : file_(path) {
    file_.write("image,label,class,probability\n");
  }

  void add(const Tensor& logits, std::span<const int32_t> labels) {
    const auto classes = static_cast<size_t>(logits.shape()[1]);
    std::string rows;
    for (size_t i = 0; i < labels.size(); ++i) {
      const RankedClass best = best_classes(logits.span().subspan(i * classes, classes), 1)[0];
      rows += std::to_string(next_++) + ',' + std::to_string(labels[i]) + ',' +
              std::to_string(best.index) + ',' + shortest(best.probability) + '\n';
    }
    file_.write(rows);
  }

  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
  int64_t next_ = 0;
};

Result eval(const Settings& settings) {
  set_threads(static_cast<int>(settings.integer("threads")));
  const StoredNetwork stored = load_network(settings);
  require_same_images(settings, stored.network);
  const auto source = test_loader(settings);
  std::optional<Predictions> rows;
  EvaluateOptions options;
  if (settings.has("predictions")) {
    require_another_file(settings);
    rows.emplace(settings.text("predictions"));
    options.on_scores = [&](const Tensor& logits, std::span<const int32_t> labels) {
      rows->add(logits, labels);
    };
  }
  const Evaluation found = evaluate(*stored.network.module, *source, options);
  if (rows) rows->commit();
  Result result;
  result.text = stored.model + ", " + stored.quant + ", on " + settings.text("dataset") + ": " +
                fixed(found.top1, 2) + " % top-1, " + fixed(found.top5, 2) + " % top-5, loss " +
                fixed(found.loss, 4) + " (" + grouped(found.images) + " images, " +
                fixed(found.images_per_second, 0) + " images/s)\n";
  result.json = json_text({{"model", stored.model},
                           {"quant", stored.quant},
                           {"dataset", settings.text("dataset")},
                           {"engine", stored.engine},
                           {"top1", found.top1},
                           {"top5", found.top5},
                           {"loss", found.loss},
                           {"images", found.images},
                           {"images_per_second", found.images_per_second},
                           {"seconds", found.seconds}});
  return result;
}

}  // namespace

const Command eval_command = {
    .name = "eval",
    .summary = "accuracy of a checkpoint or packed model on a data set",
    .arguments = "FILE",
    .takes = kEval,
    .min_arguments = 1,
    .max_arguments = 1,
    .notes = "Options that are not given are those the network was trained with.",
    .examples =
        "fracbit eval run/best.ckpt\n"
        "fracbit eval run/best.ckpt --engine simulated --json\n"
        "fracbit eval run/best.fbit --data-dir cifar\n"
        "fracbit eval run/best.ckpt --predictions found.csv",
    .complete = complete_from_checkpoint,
    .run = eval,
};

}  // namespace fracbit::apps
