// Packed models in the commands that take them.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/program.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using fracbit::test::error_fault;
using fracbit::test::read_bytes;
using fracbit::test::run;
using fracbit::test::TemporaryFolder;

namespace {

using Arguments = std::vector<std::string>;

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Scheme {
  std::string name;
  Arguments options;
};

const Scheme kSchemes[] = {
    {"none", {}},
    {"bnn", {}},
    {"bwn", {}},
    {"dorefa", {"--weight-bits", "1", "--act-bits", "1"}},
    {"dorefa", {"--weight-bits", "2", "--act-bits", "4", "--quantize-first", "--quantize-last"}},
    {"residual", {"--weight-bits", "2", "--act-bits", "32"}},
    {"residual", {"--weight-bits", "2", "--act-bits", "2", "--act-scales", "running"}},
    {"hbnn", {"--weight-bits", "2.5", "--act-bits", "2.5", "--bit-shares", "0,0.5,0.5"}},
    {"hbnn", {"--weight-bits", "1.4", "--act-bits", "1.4", "--level-grid", "float"}},
    {"hbnn", {"--weight-bits", "1.4", "--act-bits", "1.4", "--level-grid", "int8"}},
    {"hbnn", {"--level-grid", "float", "--act-mask", "channel", "--bit-granularity", "word"}},
};

Arguments network(const Scheme& scheme) {
  return Arguments{"--dataset", "synthetic-digits", "--model", "lenet5", "--quant", scheme.name} +
         scheme.options;
}

/// A few steps.
void train(const Scheme& scheme, const std::string& out) {
  REQUIRE(run(Arguments{"train", "--epochs", "1", "--train-limit", "64", "--eval-limit", "8",
                        "--batch-size", "16", "--out", out, "--quiet"} +
              network(scheme))
              .exit_code == 0);
}

/// A checkpoint after a few steps, and the packed model made of it.
struct Deployed {
  explicit Deployed(const Scheme& scheme) {
    const std::string out = folder / "run";
    train(scheme, out);
    checkpoint = out + "/last.ckpt";
    packed = folder / "model.fbit";
    exported = run({"export", checkpoint, "--out", packed, "--json"}).json();
  }

  TemporaryFolder folder;
  std::string checkpoint, packed;
  nlohmann::json exported;
};

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string image_file() {
  return std::string(std::getenv("FRACBIT_SOURCE_ROOT")) + "/tests/fuzz/seeds/image.png";
}

}  // namespace

TEST_CASE("packed models of all schemes predict what their checkpoints do, in a predicted size",
          "[apps]") {
  for (const Scheme& scheme : kSchemes) {
    CAPTURE(scheme.name, scheme.options);
    const Deployed deployed(scheme);

    const auto bytes = static_cast<int64_t>(std::filesystem::file_size(deployed.packed));
    CHECK(deployed.exported["bytes"] == bytes);
    const auto summary = run(Arguments{"summary", "--json"} + network(scheme)).json();
    CHECK(summary["fbit_bytes"] == bytes);
    const auto stored = summary["packed_bytes"].get<double>();
    CHECK(static_cast<double>(bytes) <= 1.03 * stored + 4096);

    const Arguments test{"--dataset", "synthetic-digits", "--eval-limit", "200", "--json"};
    const auto expected = run(Arguments{"eval", deployed.checkpoint} + test).json();
    const auto found = run(Arguments{"eval", deployed.packed} + test).json();
    CHECK(found["images"] == 200);
    CHECK(found["top1"] == expected["top1"]);
    CHECK(found["top5"] == expected["top5"]);
    CHECK(std::abs(found["loss"].get<double>() - expected["loss"].get<double>()) < 1e-3);

    const auto one = run({"predict", deployed.checkpoint, image_file(), "--json"}).json();
    const auto other = run({"predict", deployed.packed, image_file(), "--json"}).json();
    REQUIRE(other["predictions"].size() == 1);
    const auto& classes = other["predictions"][0]["classes"];
    const auto& same = one["predictions"][0]["classes"];
    REQUIRE(classes.size() == same.size());
    for (size_t i = 0; i < classes.size(); ++i) {
      CHECK(classes[i]["label"] == same[i]["label"]);
      CHECK(std::abs(classes[i]["probability"].get<double>() -
                     same[i]["probability"].get<double>()) < 1e-3);
    }
  }
}

TEST_CASE("export says why a network has no deployed form, and writes nothing", "[apps]") {
  const TemporaryFolder folder;
  // Residual activations have scales of each sample.
  const Scheme scheme{"residual", {"--weight-bits", "2", "--act-bits", "2"}};
  const std::string out = folder / "run", file = folder / "model.fbit";
  train(scheme, out);
  CHECK(error_fault(run({"export", out + "/last.ckpt", "--out", file}), 2, "no deployed form") ==
        "");
  CHECK(!std::filesystem::exists(file));
  CHECK(run(Arguments{"summary", "--json"} + network(scheme)).json()["fbit_bytes"] == 0);
}

TEST_CASE("bench and inspect take packed models", "[apps]") {
  const Deployed deployed(kSchemes[3]);
  const auto bench = run({"bench", deployed.packed, "--mode", "infer", "--batch", "2", "--steps",
                          "2", "--threads", "1", "--json"})
                         .json();
  CHECK(bench["images_per_second"] > 0);
  CHECK(bench["milliseconds"] > 0);
  CHECK(bench["peak_rss_bytes"] > 1 << 20);
  CHECK(error_fault(run({"bench", deployed.packed, "--mode", "train"}), 2, "mode") == "");
  const auto inspected = run({"inspect", deployed.packed, "--json"}).json();
  CHECK(inspected["format"] == "fracbit-packed");
  CHECK(inspected["version"] == 1);
  CHECK(run({"inspect", deployed.packed}).out.find("popcount") != std::string::npos);
  CHECK(error_fault(run({"export", deployed.packed}), 3, "found a packed model") == "");
}

TEST_CASE("a damaged or cut packed model is refused with one line", "[apps]") {
  const Deployed deployed(kSchemes[3]);
  const std::string bytes = read_bytes(deployed.packed);
  const std::string cut = deployed.folder / "cut.fbit", damaged = deployed.folder / "damaged.fbit";
  write(cut, bytes.substr(0, bytes.size() / 2));
  std::string other = bytes;
  other[bytes.size() / 2] = static_cast<char>(other[bytes.size() / 2] ^ 4);
  write(damaged, other);
  for (const std::string& file : {cut, damaged}) {
    CAPTURE(file);
    for (const Arguments& call :
         {Arguments{"eval", file, "--dataset", "synthetic-digits"},
          Arguments{"predict", file, image_file()}, Arguments{"inspect", file},
          Arguments{"bench", file, "--mode", "infer", "--batch", "1", "--steps", "1"}}) {
      CAPTURE(call[0]);
      CHECK(error_fault(run(call), 3, file) == "");
    }
  }
}
