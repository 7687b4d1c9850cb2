#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <thread>

#include "apps/program.h"
#include "fracbit/framework/checkpoint.h"
#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using fracbit::test::error_fault;
using fracbit::test::Outcome;
using fracbit::test::Process;
using fracbit::test::read_bytes;
using fracbit::test::run;
using fracbit::test::TemporaryFolder;

namespace {

/// A short run that draws random numbers wherever it can.
std::vector<std::string> small_run(const std::string& out, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {
      "train", "--quant",       "hbnn", "--weight-bits", "1.4",       "--act-bits",
      "1.4",   "--train-limit", "96",   "--eval-limit",  "32",        "--batch-size",
      "8",     "--epochs",      "2",    "--augment",     "flip-crop", "--threads",
      "1",     "--seed",        "5",    "--act-mask",    "channel",   "--out",
      out,     "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// Weights of the uninterrupted small run.
const std::string& expected_weights() {
  static const std::string weights = [] {
    const TemporaryFolder folder;
    return run(small_run(folder / "run")).json()["weights_sha256"].get<std::string>();
  }();
  return weights;
}

/// Starts the small run and waits until it has saved a state within its first epoch.
void wait_for_checkpoint(Process& process, const std::string& path) {
  for (;;) {
    REQUIRE(process.running());
    if (std::filesystem::exists(path)) {
      const auto position = fracbit::load_checkpoint(path).position;
      if (position.batch > 0) return;
      REQUIRE(position.epoch == 0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

TEST_CASE("train writes a run directory and tells its result", "[apps]") {
  const TemporaryFolder folder;
  const std::string out = folder / "deep/run";
  const Outcome trained = run(small_run(out));
  REQUIRE(trained.exit_code == 0);
  const auto json = trained.json();
  for (const char* key :
       {"model", "quant", "epochs", "train_loss", "test_top1", "best_top1", "test_top5",
        "images_per_second", "seconds", "peak_rss_bytes", "checkpoint", "weights_sha256"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  CHECK(json["epochs"] == 2);
  CHECK(json["quant"] == "hbnn");
  CHECK(json["weights_sha256"].get<std::string>().size() == 64);
  for (const char* name :
       {"config.toml", "metrics.csv", "metrics.jsonl", "last.ckpt", "best.ckpt", "curves.svg"}) {
    CAPTURE(name);
    CHECK(std::filesystem::file_size(out + "/" + name) > 0);
  }
  CHECK(trained.err.find("epoch 2/2") != std::string::npos);

  SECTION("eval finds the accuracy that training found, in both engines") {
    const std::string last = out + "/last.ckpt";
    const auto packed = run({"eval", last, "--json"}).json();
    const auto simulated = run({"eval", last, "--engine", "simulated", "--json"}).json();
    for (const char* key : {"top1", "top5", "loss", "images", "images_per_second"}) {
      CHECK(packed.contains(key));
    }
    CHECK(packed["top1"] == json["test_top1"]);
    CHECK(packed["images"] == 32);
    CHECK(simulated["top1"] == packed["top1"]);
    CHECK(simulated["loss"].get<double>() == Approx(packed["loss"].get<double>()).epsilon(1e-5));
    CHECK(error_fault(run({"eval", last, "--dataset", "mnist"}), 2, "--dataset") == "");
  }
  SECTION("eval writes what it found in each image") {
    const std::string file = folder / "found.csv";
    const auto found = run({"eval", out + "/last.ckpt", "--predictions", file, "--json"}).json();
    std::istringstream rows(read_bytes(file));
    std::string row;
    REQUIRE(std::getline(rows, row));
    CHECK(row == "image,label,class,probability");
    int images = 0, hits = 0;
    while (std::getline(rows, row)) {
      int image = -1, label = -1, best = -1;
      double probability = 0;
      REQUIRE(std::sscanf(row.c_str(), "%d,%d,%d,%lf", &image, &label, &best, &probability) == 4);
      CHECK(image == images++);
      CHECK((probability >= 0.1 && probability <= 1));  // the best of ten
      hits += label == best ? 1 : 0;
    }
    CHECK(images == 32);
    CHECK(100.0 * hits / images == Approx(found["top1"].get<double>()));
    const std::string nowhere = folder / "none/found.csv";
    CHECK(error_fault(run({"eval", out + "/last.ckpt", "--predictions", nowhere}), 5, nowhere) ==
          "");
    const std::string last = out + "/last.ckpt", before = read_bytes(last);
    CHECK(error_fault(run({"eval", last, "--predictions", last}), 2, "another file") == "");
    CHECK(read_bytes(last) == before);
  }
  SECTION("an existing run is refused, and nothing is changed") {
    const std::string before = read_bytes(out + "/last.ckpt");
    CHECK(error_fault(run(small_run(out, {"--seed", "6"})), 2, out) == "");
    CHECK(read_bytes(out + "/last.ckpt") == before);
    const Outcome again = run(small_run(out, {"--overwrite", "--quiet"}));
    CHECK(again.err.empty());
    CHECK(again.json()["weights_sha256"] == json["weights_sha256"]);
  }
  SECTION("a finished run resumes to the same result without any options") {
    const Outcome resumed = run({"train", "--out", out, "--resume", "auto", "--json"});
    CHECK(resumed.json()["weights_sha256"] == json["weights_sha256"]);
    CHECK(resumed.json()["test_top1"] == json["test_top1"]);
  }
  SECTION("predict reads images and gives probabilities, inspect what the file holds") {
    const std::string samples = folder / "samples";
    const auto files =
        run({"data", "samples", "synthetic-digits", "--count", "2", "--out", samples, "--json"})
            .json()["files"];
    REQUIRE(files.size() == 2);
    const auto predictions =
        run({"predict", out + "/best.ckpt", files[0], files[1], "--top-k", "10", "--json"})
            .json()["predictions"];
    REQUIRE(predictions.size() == 2);
    CHECK(predictions[1]["image"] == files[1]);
    double sum = 0;
    for (const auto& found : predictions[0]["classes"]) sum += found["probability"].get<double>();
    CHECK(sum == Approx(1));
    const auto inspected = run({"inspect", out + "/best.ckpt", "--json"}).json();
    CHECK(inspected["format"] == "fracbit-checkpoint");
    CHECK(inspected["version"] == 1);
    CHECK(inspected["tensors"].size() > 10);
    CHECK(error_fault(run({"predict", out + "/best.ckpt", out + "/metrics.csv"}), 3,
                      "metrics.csv") == "");
  }
}

TEST_CASE("the number of threads and of workers changes no bit", "[apps]") {
  const TemporaryFolder folder;
  for (const char* count : {"2", "3"}) {
    CAPTURE(count);
    const auto more = {std::string("--threads"), std::string(count), std::string("--workers"),
                       std::string(count)};
    CHECK(run(small_run(folder / count, more)).json()["weights_sha256"] == expected_weights());
  }
}

TEST_CASE("kill -9 within an epoch, then --resume auto: the same weights", "[apps]") {
  const TemporaryFolder folder;
  const std::string out = folder / "run";
  {
    Process process({.arguments = small_run(out, {"--checkpoint-steps", "5"})});
    wait_for_checkpoint(process, out + "/last.ckpt");
    process.send(SIGKILL);
    CHECK(process.wait().exit_code == 128 + SIGKILL);
  }
  const auto stopped_at = fracbit::load_checkpoint(out + "/last.ckpt").position;
  REQUIRE(stopped_at.epoch < 2);
  const Outcome resumed = run({"train", "--out", out, "--resume", "auto", "--json"});
  REQUIRE(resumed.exit_code == 0);
  CHECK(resumed.json()["weights_sha256"] == expected_weights());
  CHECK(resumed.json()["epochs"] == 2);
}

TEST_CASE("a signal saves and leaves with 128 + N; resume gives the same weights", "[apps]") {
  const TemporaryFolder folder;
  for (int number : {SIGINT, SIGTERM}) {
    CAPTURE(number);
    const std::string out = folder / std::to_string(number);
    Process process({.arguments = small_run(out, {"--checkpoint-steps", "1"})});
    wait_for_checkpoint(process, out + "/last.ckpt");
    process.send(number);
    const Outcome stopped = process.wait();
    REQUIRE(stopped.exit_code == 128 + number);
    CHECK(stopped.json()["status"] == "stopped");
    const auto resumed = run({"train", "--resume", out + "/last.ckpt", "--json"}).json();
    CHECK(resumed["weights_sha256"] == expected_weights());
    CHECK(resumed["directory"] == out);
  }
}

TEST_CASE("training that diverges has exit code 4 and keeps the last good state", "[apps]") {
  const TemporaryFolder folder;
  const std::string out = folder / "run";
  const Outcome diverged =
      run(small_run(out, {"--quiet", "--optimizer", "sgd", "--lr", "1000", "--weight-decay", "10",
                          "--schedule", "constant", "--epochs", "50", "--checkpoint-steps", "1"}));
  CHECK(error_fault(diverged, 4, "step") == "");
  CHECK(fracbit::load_checkpoint(out + "/last.ckpt").position.step >= 1);
}

TEST_CASE("--max-time saves and ends with exit code 0", "[apps]") {
  const TemporaryFolder folder;
  const auto json = run(small_run(folder / "run", {"--max-time", "0.00001"})).json();
  CHECK(json["status"] == "out_of_time");
  CHECK(json["test_top1"].is_null());
  CHECK(json["checkpoint"] == folder / "run/last.ckpt");
}

TEST_CASE("resume refuses what it cannot go on from", "[apps]") {
  const TemporaryFolder folder;
  const std::string out = folder / "run";
  REQUIRE(run(small_run(out, {"--epochs", "1"})).exit_code == 0);
  CHECK(error_fault(run({"train", "--out", out, "--resume", "auto", "--seed", "6", "--quiet"}), 2,
                    "seed") == "");
  CHECK(error_fault(run({"train", "--out", out, "--resume", "auto", "--model", "vgg8", "--quiet"}),
                    3, "last.ckpt") == "");
  CHECK(error_fault(run({"train", "--resume", folder / "none.ckpt"}), 3, "none.ckpt") == "");
}

TEST_CASE("networks for large images train on 224x224 digits", "[apps]") {
  const TemporaryFolder folder;
  const Outcome trained = run({"train", "--model", "mobilenet", "--dataset", "synthetic-digits-224",
                               "--train-limit", "4", "--eval-limit", "2", "--batch-size", "2",
                               "--epochs", "1", "--out", folder / "run", "--json"});
  REQUIRE(trained.exit_code == 0);
  CHECK(trained.json()["model"] == "mobilenet");
  const Outcome evaluated = run({"eval", folder / "run/last.ckpt", "--json"});
  CHECK(evaluated.json()["loss"].get<double>() > 0);
}
