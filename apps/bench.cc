#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "fracbit/apps/json_text.h"
#include "fracbit/apps/machine.h"
#include "fracbit/apps/network.h"
#include "fracbit/apps/packed_file.h"
#include "fracbit/apps/profile_report.h"
#include "fracbit/apps/table.h"
#include "fracbit/framework/batch.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/ops/softmax_cross_entropy.h"
#include "fracbit/framework/optim/sgd.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::apps {
namespace {

/// Random images and labels; the same for the same seed.
Batch random_batch(const Network& network, int64_t count, uint64_t seed) {
  const Shape& image = network.input;
  Batch batch;
  batch.images = Tensor::uninitialized({count, image[0], image[1], image[2]});
  const Random pixels(seed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < batch.images.size(); ++i) {
    batch.images[i] = static_cast<real>(pixels.normal(i));
  }
  const Random labels(seed, 1, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < count; ++i) {
    batch.labels.push_back(static_cast<int32_t>(labels.below(i, network.classes)));
  }
  return batch;
}

/// What a measured network is called in the result.
struct Title {
  std::string model, quant, text;
};

class Stepper {
 public:
  Stepper(Network network, Batch batch, uint64_t seed)
      : network_(std::move(network)),
        batch_(std::move(batch)),
        seed_(seed),
        optimizer_(network_.module->parameters(), {.lr = 0.001, .momentum = 0.9}) {
    for (const auto& parameter : network_.module->parameters()) {
      parameters_ += static_cast<double>(parameter.value.shape().size());
    }
  }

  void train() {
    Module& module = *network_.module;
    module.train();
    module.set_position({seed_, step_++});
    const Variable y = module(images());
    Variable loss = [&] {
      const Profile::Layer layer("(loss)");
      return ops::softmax_cross_entropy(y, batch_.labels);
    }();
    loss.backward();
    const Profile::Layer layer("(update)");
    const Profile::Span span(Phase::optimizer, memory_work(kUpdate * parameters_));
    optimizer_.step();
    module.after_update();
    optimizer_.clear_grad();
  }

  void infer() {
    const NoGrad no_grad;
    network_.module->eval();
    (*network_.module)(images());
  }

 private:
  static constexpr double kUpdate = 5;  // reads weight, gradient, moment; writes weight, moment

  Variable images() const {
    const Profile::Layer layer("(images)");
    const Profile::Span span(Phase::data,
                             memory_work(2 * static_cast<double>(batch_.images.size())));
    return Variable(batch_.images);
  }

  Network network_;
  Batch batch_;
  uint64_t seed_;
  uint64_t step_ = 0;
  optim::Sgd optimizer_;
  double parameters_ = 0;
};

double median_seconds(Stepper& stepper, bool train, int64_t steps) {
  constexpr int64_t kWarmUp = 2;
  std::vector<double> seconds;
  for (int64_t i = 0; i < steps + kWarmUp; ++i) {
    const auto start = std::chrono::steady_clock::now();
    train ? stepper.train() : stepper.infer();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (i >= kWarmUp) seconds.push_back(taken.count());
  }
  std::ranges::sort(seconds);
  const size_t half = seconds.size() / 2;
  return seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
}

/// Further steps, and where their time went.
ProfileReport profile(Stepper& stepper, bool train, int64_t steps) {
  const Limits limits = measure_limits();
  Profile profile;
  for (int64_t i = 0; i < steps; ++i) train ? stepper.train() : stepper.infer();
  return ProfileReport(profile.rows(), steps, limits);
}

/// The packed model that is the argument, or else a network of the options.
Network measured_network(const Settings& settings, Title& title) {
  if (settings.arguments().empty()) {
    title = {settings.text("model"), settings.text("quant"), quant_title(settings)};
    Network network = make_network(settings);
    network.module->initialize(static_cast<uint64_t>(settings.integer("seed")));
    return network;
  }
  const auto packed =
      std::make_shared<PackedNetwork>(deploy::PackedModel::load(settings.arguments().front()));
  const deploy::PackedModel& model = packed->model();
  const std::string quant(model.metadata("quant"));
  title = {std::string(model.metadata("model")), quant, quant + " deployed"};
  return {packed, {model.height(), model.width(), model.channels()}, model.classes()};
}

void complete(Settings& settings) {
  if (settings.arguments().empty()) return complete_network(settings);
  const std::string& path = settings.arguments().front();
  if (!is_packed_file(path)) throw FileError(path + ": expects a packed model");
  settings.set(*find_option("mode"), std::string("infer"), Rank::checkpoint, path);
  if (settings.text("mode") == "train") throw settings.error("mode", "a packed model only infers");
  if (settings.flag("profile")) {
    throw settings.error("profile", "a packed model has no layers to tell apart");
  }
}

Result bench(const Settings& settings) {
  set_threads(static_cast<int>(settings.integer("threads")));
  const auto seed = static_cast<uint64_t>(settings.integer("seed"));
  const int64_t images = settings.integer("batch");
  Title title;
  Network network = measured_network(settings, title);
  Batch batch = random_batch(network, images, seed);
  Stepper stepper(std::move(network), std::move(batch), seed);
  const bool train = settings.text("mode") == "train";
  const double seconds = median_seconds(stepper, train, settings.integer("steps"));
  const double rate = static_cast<double>(images) / seconds;
  std::optional<ProfileReport> report;
  if (settings.flag("profile")) report = profile(stepper, train, settings.integer("steps"));
  Result result;
  result.text = title.model + ", quant " + title.text + ", " + settings.text("mode") + ", batch " +
                std::to_string(images) + ": " + fixed(rate, 1) + " images/s, " +
                fixed(1000 * seconds, 3) + " ms a step (" + std::string(isa_name(active_isa())) +
                ", " + std::to_string(threads()) + " threads, peak " +
                bytes_text(static_cast<double>(peak_rss_bytes())) + ")\n";
  nlohmann::ordered_json json = {{"model", title.model},
                                 {"quant", title.quant},
                                 {"mode", settings.text("mode")},
                                 {"batch", images},
                                 {"steps", settings.integer("steps")},
                                 {"images_per_second", rate},
                                 {"milliseconds", 1000 * seconds},
                                 {"peak_rss_bytes", peak_rss_bytes()},
                                 {"isa", isa_name(active_isa())},
                                 {"threads", threads()}};
  if (report) {
    result.text += "\n" + report->text();
    json["profile"] = report->json();
  }
  result.json = json_text(json);
  return result;
}

}  // namespace

const Command bench_command = {
    .name = "bench",
    .summary = "images per second of a network on random data, median of steps",
    .arguments = "[FILE]",
    .takes = kBench,
    .max_arguments = 1,
    .notes =
        "FILE is a packed model, which is measured instead of a network of the options. "
        "--profile: the limit of a phase is that of float multiply-accumulates (FMA) or that of "
        "memory, whichever takes longer for its work; Winograd and packed products may pass it.",
    .examples =
        "fracbit bench --model vgg8 --quant dorefa --mode infer --batch 32\n"
        "fracbit bench --model cifar4 --quant hbnn --steps 20 --json\n"
        "fracbit bench --model resnet18 --batch 16 --profile\n"
        "fracbit bench run/best.fbit --batch 1",
    .complete = complete,
    .run = bench,
};

}  // namespace fracbit::apps
