#include "fracbit/apps/training.h"

#include "fracbit/apps/network.h"
#include "fracbit/framework/optim/adam.h"
#include "fracbit/framework/optim/sgd.h"

namespace fracbit::apps {
namespace {

void choose_optimizer(Settings& settings) {
  const std::string& optimizer = settings.text("optimizer");
  const std::string origin = "default for " + optimizer;
  const bool sgd = optimizer == "sgd";
  settings.choose("lr", sgd ? 0.05 : 0.001, origin);
  settings.choose("weight-decay", sgd ? 1e-4 : (optimizer == "adamw" ? 0.01 : 0.0), origin);
  const std::string& schedule = settings.text("schedule");
  settings.choose("gamma", schedule == "exponential" ? 0.95 : 0.1, "default for " + schedule);
  const int64_t epochs = settings.integer("epochs");
  std::vector<int64_t> milestones = {std::max<int64_t>(1, epochs / 2)};
  if (epochs * 3 / 4 > milestones.back()) milestones.push_back(epochs * 3 / 4);
  settings.choose("milestones", std::move(milestones), "default");
}

void choose_directory(Settings& settings) {
  std::string name = quant_title(settings);
  for (char& c : name) {
    if (c == ' ' || c == '/') c = '-';
  }
  settings.choose("out",
                  "runs/" + settings.text("dataset") + "-" + settings.text("model") + "-" + name,
                  "default");
}

data::Transform augmentation(const std::string& name, const std::vector<double>& mean) {
  constexpr int64_t kBorder = 4;
  std::vector<data::Transform> steps;
  if (name.find("flip") != std::string::npos) steps.push_back(data::flip_lr());
  if (name.find("crop") != std::string::npos) steps.push_back(data::pad_crop(kBorder, mean));
  if (name.find("light") != std::string::npos) {
    // Range of the DoReFa-Net recipe for street-view digits, on pixels in 0..1.
    steps.push_back(data::brightness(30.0 / 255));
    steps.push_back(data::contrast(0.5, 1.5));
  }
  return steps.empty() ? data::Transform() : data::compose(std::move(steps));
}

}  // namespace

void complete_training(Settings& settings) {
  settings.choose("dataset", std::string("synthetic-digits"), "default");
  complete_network(settings);
  choose_optimizer(settings);
  const std::string& dataset = settings.text("dataset");
  const bool photographs = dataset.starts_with("cifar");
  settings.choose("augment", std::string(photographs ? "flip-crop" : "none"),
                  "default for " + dataset);
  choose_directory(settings);
}

void require_data_dir(const Settings& settings) {
  const std::string& dataset = settings.text("dataset");
  if (settings.has("data-dir") || data::find(dataset).files.empty()) return;
  throw settings.error("data-dir", "expects the folder with the files of " + dataset +
                                       ", got none; fracbit data fetch " + dataset +
                                       " downloads them");
}

std::shared_ptr<const data::Dataset> open_split(const Settings& settings, const char* split) {
  require_data_dir(settings);
  const bool train = std::string_view(split) == "train";
  data::OpenOptions options;
  options.root = settings.has("data-dir") ? settings.text("data-dir") : "";
  options.split = split;
  options.limit = settings.integer(train ? "train-limit" : "eval-limit");
  return data::open(settings.text("dataset"), options);
}

std::unique_ptr<data::DataLoader> train_loader(const Settings& settings) {
  const auto dataset = open_split(settings, "train");
  data::LoaderOptions options;
  options.batch = settings.integer("batch-size");
  options.shuffle = true;
  options.drop_last = dataset->size() > options.batch;
  options.seed = static_cast<uint64_t>(settings.integer("seed"));
  options.workers = static_cast<int>(settings.integer("workers"));
  options.transform = augmentation(settings.text("augment"), dataset->mean());
  return std::make_unique<data::DataLoader>(dataset, options);
}

std::unique_ptr<data::DataLoader> test_loader(const Settings& settings) {
  data::LoaderOptions options;
  options.batch = settings.integer("batch-size");
  options.workers = static_cast<int>(settings.integer("workers"));
  return std::make_unique<data::DataLoader>(open_split(settings, "test"), options);
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Settings& settings,
                                                 std::vector<Module::NamedParameter> parameters) {
  const std::string& name = settings.text("optimizer");
  const double lr = settings.real("lr");
  const double decay = settings.real("weight-decay");
  if (name == "sgd") {
    const optim::SgdOptions options = {.lr = lr,
                                       .momentum = settings.real("momentum"),
                                       .nesterov = settings.flag("nesterov"),
                                       .weight_decay = decay};
    return std::make_unique<optim::Sgd>(std::move(parameters), options);
  }
  const optim::AdamOptions options = {
      .lr = lr, .weight_decay = decay, .decoupled = name == "adamw"};
  return std::make_unique<optim::Adam>(std::move(parameters), options);
}

optim::ScheduleSpec make_schedule(const Settings& settings, int64_t batches_per_epoch) {
  optim::ScheduleSpec spec;
  spec.kind = settings.text("schedule");
  spec.base_lr = settings.real("lr");
  spec.total_steps = settings.integer("epochs") * batches_per_epoch;
  spec.warmup_steps = settings.integer("warmup-epochs") * batches_per_epoch;
  // The exponential schedule falls by gamma in each epoch.
  const bool by_epoch = spec.kind == "exponential";
  spec.step_size = (by_epoch ? 1 : settings.integer("step-size")) * batches_per_epoch;
  for (int64_t epoch : settings.integers("milestones")) {
    spec.milestones.push_back(epoch * batches_per_epoch);
  }
  spec.gamma = settings.real("gamma");
  return spec;
}

}  // namespace fracbit::apps
