#include <filesystem>

#include "apps/program.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using fracbit::test::error_fault;
using fracbit::test::Outcome;
using fracbit::test::run;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

/// Value and origin of an option as `train --print-config --json` tells them.
std::pair<nlohmann::json, std::string> resolved(const fracbit::test::Call& call,
                                                const std::string& option) {
  fracbit::test::Call full = call;
  full.arguments.insert(full.arguments.begin(), "train");
  full.arguments.insert(full.arguments.end(), {"--print-config", "--json"});
  const nlohmann::json object = run(full).json();
  return {object["config"][option], object["origin"][option]};
}

}  // namespace

TEST_CASE("defaults < recipe < config files < environment < flags", "[apps]") {
  const TemporaryFolder folder;
  write_bytes(folder / "first.toml", "epochs = 3\nseed = 30\n");
  write_bytes(folder / "second.toml", "# comment\nepochs = 4\n");
  const std::string first = folder / "first.toml";
  const std::string second = folder / "second.toml";
  using Pair = std::pair<nlohmann::json, std::string>;
  CHECK(resolved({}, "epochs") == Pair(5, "default"));
  CHECK(resolved({{"--recipe", "cifar10-cifar4-hbnn"}}, "epochs") ==
        Pair(12, "recipe cifar10-cifar4-hbnn:9"));
  CHECK(resolved({{"--config", first, "--recipe", "cifar10-cifar4-hbnn"}}, "epochs") ==
        Pair(3, first + ":1"));
  CHECK(resolved({{"--config", first, "--config", second}}, "epochs") == Pair(4, second + ":2"));
  CHECK(resolved({{"--config", first, "--config", second}}, "seed") == Pair(30, first + ":2"));
  const std::map<std::string, std::string> environment = {{"FRACBIT_EPOCHS", "6"}};
  CHECK(resolved({{"--config", first}, environment}, "epochs") == Pair(6, "FRACBIT_EPOCHS"));
  CHECK(resolved({{"--epochs", "7", "--config", first}, environment}, "epochs") ==
        Pair(7, "--epochs"));
  CHECK(resolved({{"--epochs", "7", "--epochs", "8"}}, "epochs") == Pair(8, "--epochs"));
}

TEST_CASE("--print-config is TOML that gives the same options again", "[apps]") {
  const TemporaryFolder folder;
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"--quant", "hbnn", "--weight-bits", "1.4", "--act-bits", "1.4", "--bit-shares",
       "0.7,0.2,0.1", "--bit-heuristic", "top-down"},
      {"--optimizer", "sgd", "--nesterov", "--lr", "1e-5", "--schedule", "multistep",
       "--milestones", "2,4", "--out", "a \"quoted\"\tname"},
      {"--recipe", "cifar10-cifar4-dorefa", "--data-dir", "some/where", "--resume", "auto"},
      {"--quiet", "--augment", "flip-crop-light", "--label-smoothing", "0.1"},
  };
  for (const auto& options : cases) {
    CAPTURE(options);
    std::vector<std::string> arguments = {"train", "--print-config"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome printed = run(arguments);
    CHECK(printed.exit_code == 0);
    const std::string file = folder / "printed.toml";
    write_bytes(file, printed.out);
    arguments.push_back("--json");
    auto before = run(arguments).json()["config"];
    auto after = run({"train", "--config", file, "--print-config", "--json"}).json()["config"];
    before.erase("json");
    after.erase("json");
    CHECK(before == after);
    CHECK(run({"train", "--config", file, "--print-config"}).exit_code == 0);
  }
}

TEST_CASE("every recipe is made of options that fit together", "[apps]") {
  for (const auto& name : run({"list", "recipes", "--json"}).json()["names"]) {
    CAPTURE(name);
    const Outcome printed = run({"train", "--recipe", name, "--print-config", "--json"});
    CHECK(printed.exit_code == 0);
    CHECK(printed.json()["config"]["schedule"] == "cosine");
  }
}

TEST_CASE("--print-config says where each value comes from", "[apps]") {
  const std::string text = run({"train", "--print-config", "--lr", "0.5", "--quant", "hbnn"}).out;
  CHECK(text.find("lr = 0.5 ") != std::string::npos);
  CHECK(text.find("# --lr\n") != std::string::npos);
  CHECK(text.find("# default of hbnn\n") != std::string::npos);
  CHECK(text.find("# default\n") != std::string::npos);
}

TEST_CASE("paths in a config file are relative to that file", "[apps]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "sub");
  write_bytes(folder / "sub/run.toml", "data-dir = \"images\"\nout = \"/else/where\"\n");
  const fracbit::test::Call call = {.arguments = {"--config", "sub/run.toml"},
                                    .folder = folder.path()};
  CHECK(resolved(call, "data-dir").first == folder / "sub/images");
  CHECK(resolved(call, "out").first == "/else/where");
}

TEST_CASE("bad config files are errors that name file, line and key", "[apps]") {
  const TemporaryFolder folder;
  const std::string file = folder / "bad.toml";
  const auto fault = [&](const std::string& text, const std::string& part) {
    write_bytes(file, text);
    return error_fault(run({"train", "--config", file}), 2, part);
  };
  CHECK(fault("seed = 1\nepoch = 3\n", file + ":2: unknown key 'epoch' (nearest: 'epochs')") == "");
  CHECK(fault("epochs = \"3\"\n", file + ":1: epochs expects a whole number") == "");
  CHECK(fault("epochs = 0\n", file + ":1: epochs: expects") == "");
  CHECK(fault("epochs = \n", file + ":1") == "");
  CHECK(fault("[epochs]\n", file + ":1") == "");
  CHECK(fault("milestones = [1, \"2\"]\n", file + ":1: milestones") == "");
  CHECK(fault("config = \"x\"\n", "unknown key 'config'") == "");
  CHECK(fault("optimizer = \"sdg\"\n", "'sgd'") == "");
  CHECK(error_fault(run({"train", "--config", folder / "none.toml"}), 2, "none.toml") == "");
  CHECK(error_fault(run({"train", "--config", folder.path()}), 2, folder.path()) == "");
}

TEST_CASE("values out of range are errors that name option and range", "[apps]") {
  const auto fault = [](const std::string& option, const std::string& value) {
    return error_fault(run({"train", option, value}), 2, option);
  };
  CHECK(fault("--batch-size", "0") == "");
  CHECK(fault("--epochs", "1.5") == "");
  CHECK(fault("--epochs", "99999999999999999999") == "");
  CHECK(fault("--lr", "nan") == "");
  CHECK(fault("--lr", "-1") == "");
  CHECK(fault("--weight-bits", "0") == "");
  CHECK(fault("--act-bits", "33") == "");
  CHECK(fault("--threads", "x") == "");
  CHECK(fault("--bit-shares", "0.5,half") == "");
  CHECK(fault("--model", "") == "");
  CHECK(error_fault(run({.arguments = {"train"}, .environment = {{"FRACBIT_LR", "fast"}}}), 2,
                    "FRACBIT_LR: expects a number") == "");
}

TEST_CASE("bits and shares must fit the scheme", "[apps]") {
  const auto run_quant = [](std::vector<std::string> options) {
    options.insert(options.begin(), "train");
    return run(options);
  };
  CHECK(error_fault(run_quant({"--quant", "dorefa", "--weight-bits", "1.4"}), 2, "1.4") == "");
  CHECK(error_fault(run_quant({"--quant", "hbnn", "--bit-shares", "0.5,0.2"}), 2, "share") == "");
  CHECK(error_fault(run_quant({"--quant", "hbnn", "--weight-bits", "1.4", "--act-bits", "1.4",
                               "--bit-shares", "0.5,0.5"}),
                    2, "share") == "");
  for (const char* bits : {"0", "33"}) {
    CHECK(error_fault(run_quant({"--quant", "hbnn", "--act-bits", bits}), 2, "--act-bits") == "");
  }
  CHECK(error_fault(run_quant({"--grad-bits", "4"}), 2, "grad-bits") == "");
  CHECK(error_fault(run({"summary", "--quantize-last"}), 2, "quantize-last") == "");
  CHECK(error_fault(
            run({"summary", "--quant", "dorefa", "--quantize-last", "--last-activation", "relu"}),
            2, "last-activation") == "");
}

TEST_CASE("a flag that has no meaning with the others is an error", "[apps]") {
  CHECK(error_fault(run({"train", "--quant", "dorefa", "--bit-heuristic", "random"}), 2,
                    "--bit-heuristic") == "");
  CHECK(error_fault(run({"train", "--optimizer", "adam", "--nesterov"}), 2, "--nesterov") == "");
  CHECK(error_fault(run({"train", "--resume", "auto", "--overwrite"}), 2, "--overwrite") == "");
}
