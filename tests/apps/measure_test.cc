#include <set>
#include <string>

#include "apps/program.h"
#include "support/catch.h"

using fracbit::test::Call;
using fracbit::test::error_fault;
using fracbit::test::run;

TEST_CASE("summary counts what the layer lists of the papers say", "[apps]") {
  const auto summary = run({"summary", "--model", "lenet5", "--quant", "hbnn", "--weight-bits",
                            "1.4", "--act-bits", "1.4", "--json"})
                           .json();
  for (const char* key : {"parameters", "float_bytes", "packed_bytes", "macs", "bit_ops",
                          "average_weight_bits", "layers"}) {
    CAPTURE(key);
    CHECK(summary.contains(key));
  }
  CHECK(summary["macs"] == 12273152);
  CHECK(summary["float_bytes"] == 4 * summary["parameters"].get<int64_t>());
  CHECK(summary["packed_bytes"] < summary["float_bytes"]);
  int64_t parameters = 0;
  for (const auto& layer : summary["layers"]) parameters += layer["parameters"].get<int64_t>();
  CHECK(summary["parameters"] == parameters);
  CHECK(summary["average_weight_bits"] < 2);
  CHECK(run({"summary", "--model", "vgg8"}).out.find("conv6") != std::string::npos);
  CHECK(summary["last_activation"] == "scheme");
  CHECK(run({"summary", "--recipe", "cifar10-cifar4-dorefa"})
            .out.find("block-order pool-bn, last-activation relu") != std::string::npos);
}

TEST_CASE("summary names what computes a product and its gradients", "[apps]") {
  const auto layer_of = [](std::vector<std::string> options, const char* name) -> nlohmann::json {
    options.insert(options.begin(), {"summary", "--model", "vgg8", "--json"});
    const auto summary =
        run(Call{.arguments = options, .environment = {{"FRACBIT_ISA", "scalar"}}}).json();
    for (const auto& layer : summary["layers"]) {
      if (layer["name"] == name) return layer;
    }
    return {};
  };
  const std::vector<std::string> dorefa = {"--quant", "dorefa",     "--weight-bits",
                                           "1",       "--act-bits", "2"};
  const auto with = [&](std::vector<std::string> more, const char* name = "conv2") {
    more.insert(more.begin(), dorefa.begin(), dorefa.end());
    return layer_of(more, name);
  };
  const auto codes = with({"--grad-bits", "6"});
  CHECK(codes["engine"] == "codes 1x2 popcount (scalar)");
  CHECK(codes["input_gradient"] == "levels 6x1 (scalar)");
  CHECK(codes["weight_gradient"] == "levels 6x2 (scalar)");
  const auto dense = with({"--grad-bits", "6"}, "fc7");
  CHECK(dense["input_gradient"] == "levels 6x1 (scalar)");
  CHECK(dense["weight_gradient"] == "outer products (scalar)");
  CHECK(with({"--grad-bits", "6"}, "conv1")["input_gradient"] == "none");
  CHECK(with({"--grad-bits", "32"})["input_gradient"] == "float");
  CHECK(with({"--grad-bits", "12"})["weight_gradient"] == "float");
  const auto simulated = with({"--grad-bits", "6", "--engine", "simulated"});
  CHECK(simulated["engine"] == "float on levels");
  CHECK(simulated["input_gradient"] == "float");
  const auto grid = layer_of({"--quant", "hbnn", "--weight-bits", "1.4", "--act-bits", "1.4",
                              "--level-grid", "int8", "--grad-bits", "8"},
                             "conv2");
  CHECK(grid["input_gradient"] == grid["engine"]);
  CHECK(run({"summary", "--model", "vgg8"}).out.find("input gradient") == std::string::npos);
}

TEST_CASE("bench measures both modes and both engines", "[apps]") {
  for (const char* mode : {"train", "infer"}) {
    for (const char* engine : {"packed", "simulated"}) {
      const auto bench = run({"bench", "--quant", "dorefa", "--mode", mode, "--engine", engine,
                              "--batch", "2", "--steps", "1", "--threads", "2", "--json"})
                             .json();
      CHECK(bench["images_per_second"] > 0);
      CHECK(bench["milliseconds"] > 0);
      CHECK(bench["peak_rss_bytes"] > 0);
      CHECK(bench["threads"] == 2);
      CHECK(bench["isa"].is_string());
    }
  }
}

TEST_CASE("bench --profile tells layers and phases apart, in milliseconds and shares", "[apps]") {
  const auto bench =
      run({"bench", "--model", "cifar4", "--batch", "2", "--steps", "2", "--profile", "--json"})
          .json();
  const auto& profile = bench["profile"];
  CHECK(profile["giga_macs_per_second"] > 0.1);
  CHECK(profile["gigabytes_per_second"] > 0.1);
  std::set<std::string> found;
  double sum = 0;
  for (const auto& row : profile["layers"]) {
    found.insert(row["layer"].get<std::string>() + " " + row["phase"].get<std::string>());
    sum += row["milliseconds"].get<double>();
    if (row.contains("limit")) CHECK(row["share_of_limit"] > 0);
  }
  CHECK(sum == Approx(profile["milliseconds"].get<double>()));
  for (const char* expected : {"conv1 forward", "conv1 weight gradient", "conv2 input gradient",
                               "conv3 norm", "conv4 weight gradient", "gap forward",
                               "(loss) forward", "(update) optimizer", "(images) data"}) {
    CAPTURE(expected);
    CHECK(found.contains(expected));
  }
  const std::string text =
      run({"bench", "--batch", "2", "--steps", "1", "--mode", "infer", "--profile"}).out;
  CHECK(text.find("% of limit") != std::string::npos);
  CHECK(text.find("weight gradient") != std::string::npos);  // of no time
}

TEST_CASE("bench-kernels names every kernel of the instruction sets, and its share of a limit",
          "[apps]") {
  const auto measured = run({"bench-kernels", "--min-time", "0", "--json"}).json();
  std::map<std::string, nlohmann::json> limits;
  for (const auto& of : measured["limits"]) limits[of["isa"]] = of;
  REQUIRE(limits.count("scalar") == 1);
  CHECK(limits["scalar"]["fma"] > 0);
  CHECK(limits["scalar"]["memory_copy"] > 0);
  const auto check = [&](const nlohmann::json& kernel) {
    CAPTURE(kernel);
    const std::string isa = kernel["isa"], limit = kernel["limit"];
    REQUIRE(limits.count(isa) == 1);
    REQUIRE(limits[isa].contains(limit));
    CHECK((kernel["share"] > 0) == (limits[isa][limit] > 0));
  };
  std::set<std::string> families;
  REQUIRE(measured["kernels"].size() > 40);
  for (const auto& kernel : measured["kernels"]) {
    check(kernel);
    for (const char* key : {"name", "m", "n", "k", "weight_bits", "act_bits"}) {
      CHECK(kernel.contains(key));
    }
    CHECK(kernel["giga_macs_per_second"] > 0);
    const std::string name = kernel["name"];
    families.insert(name.substr(0, name.find(' ')));
  }
  CHECK(families == std::set<std::string>{"bits", "float", "input", "int8", "integers", "weight"});
  REQUIRE(measured["passes"].size() > 10);
  for (const auto& pass : measured["passes"]) {
    check(pass);
    CHECK(pass["nanoseconds_per_number"] > 0);
    CHECK(pass["gigabytes_per_second"] > 0);
  }
}

TEST_CASE("FRACBIT_ISA forces an instruction set, or fails", "[apps]") {
  const std::vector<std::string> bench = {"bench", "--batch", "1", "--steps", "1", "--json"};
  CHECK(run({.arguments = bench, .environment = {{"FRACBIT_ISA", "scalar"}}}).json()["isa"] ==
        "scalar");
  CHECK(error_fault(run({.arguments = bench, .environment = {{"FRACBIT_ISA", "z80"}}}), 2,
                    "FRACBIT_ISA") == "");
}
