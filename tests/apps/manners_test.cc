#include <algorithm>

#include "apps/program.h"
#include "fracbit/apps/options.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using fracbit::test::error_fault;
using fracbit::test::Outcome;
using fracbit::test::run;

namespace {

const std::vector<std::string> kCommands = {
    "train", "eval", "predict", "summary", "bench", "bench-kernels", "inspect", "list", "data"};

}  // namespace

TEST_CASE("fracbit --help lists every command on a line of its own", "[apps]") {
  const Outcome help = run({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.err.empty());
  for (const std::string& command : kCommands) {
    CAPTURE(command);
    CHECK(help.out.find("\n  " + command + " ") != std::string::npos);
  }
}

TEST_CASE("the help of a command tells its options, examples and exit codes", "[apps]") {
  for (const std::string& command : kCommands) {
    CAPTURE(command);
    const Outcome help = run({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(help.out.find("usage: fracbit " + command) == 0);
    CHECK(help.out.find("--json") != std::string::npos);
    CHECK(help.out.find("examples:\n  fracbit " + command) != std::string::npos);
    CHECK(help.out.find("128+N") != std::string::npos);
  }
}

TEST_CASE("the help of train shows default, range and unit of each option", "[apps]") {
  const std::string help = run({"train", "--help"}).out;
  CHECK(help.find("[default 128; from 1 to 65536 images]") != std::string::npos);
  for (const auto& option : fracbit::apps::options()) {
    CAPTURE(option.name);
    const bool taken = (option.takes & fracbit::apps::kTrain) != 0;
    const bool shown = help.find("--" + std::string(option.name)) != std::string::npos;
    CHECK((!taken || shown));
  }
}

TEST_CASE("what is unknown is answered with the nearest known name", "[apps]") {
  CHECK(error_fault(run({"trian"}), 2, "'train'") == "");
  CHECK(error_fault(run({"train", "--epoch", "3"}), 2, "--epochs") == "");
  CHECK(error_fault(run({"train", "--epoch=3"}), 2, "--epochs") == "");
  CHECK(error_fault(run({"train", "-x"}), 2, "-x") == "");
  CHECK(error_fault(run({"list", "model"}), 2, "'models'") == "");
  CHECK(error_fault(run({"list", "models", "--epochs", "3"}), 2, "--epochs") == "");
  CHECK(error_fault(run({"train", "--model", "lenet"}), 2, "lenet5") == "");
  CHECK(error_fault(run({"train", "--quant", "dorfea"}), 2, "dorefa") == "");
  CHECK(error_fault(run({"train", "--dataset", "minst"}), 2, "mnist") == "");
  CHECK(error_fault(run({"train", "--optimizer", "adm"}), 2, "'adam'") == "");
  CHECK(error_fault(run({"train", "--recipe", "mnist-lenet-hbnn"}), 2, "mnist-lenet5-hbnn") == "");
}

TEST_CASE("options of later capabilities are unknown", "[apps]") {
  CHECK(error_fault(run({"train", "--level-grid", "int8"}), 2, "--level-grid") == "");
  CHECK(error_fault(run({"train", "--bit-granularity", "word"}), 2, "--bit-granularity") == "");
}

TEST_CASE("usage errors have exit code 2", "[apps]") {
  CHECK(error_fault(run(std::vector<std::string>{}), 2, "command") == "");
  CHECK(error_fault(run({"eval"}), 2, "FILE") == "");
  CHECK(error_fault(run({"list", "models", "recipes"}), 2, "recipes") == "");
  CHECK(error_fault(run({"train", "--epochs"}), 2, "epochs") == "");
  CHECK(error_fault(run({"train", "surplus"}), 2, "surplus") == "");
}

TEST_CASE("every list is one JSON object with its names", "[apps]") {
  for (const char* what : {"models", "quantizers", "datasets", "recipes"}) {
    CAPTURE(what);
    const Outcome list = run({"list", what, "--json"});
    CHECK(list.exit_code == 0);
    const auto names = list.json()["names"];
    CHECK(names.size() >= 5);
    const std::string text = run({"list", what}).out;
    CHECK(std::ranges::count(text, '\n') == static_cast<std::ptrdiff_t>(names.size()));
    for (const auto& name : names) {
      const std::string row = std::string("\n").append(name.get<std::string>()).append(" ");
      CHECK(("\n" + text).find(row) != std::string::npos);
    }
  }
}

TEST_CASE("a result that cannot be written is exit code 5", "[apps]") {
  CHECK(error_fault(run({.arguments = {"list", "models"}, .out_file = "/dev/full"}), 5,
                    "standard output") == "");
  CHECK(error_fault(run({.arguments = {"list", "models"}, .close_stdout = true}), 5,
                    "standard output") == "");
}

TEST_CASE("a line break in a name does not break the one line of an error", "[apps]") {
  CHECK(error_fault(run({"train", "--model", "two\nlines"}), 2, "two\\x0alines") == "");
}

TEST_CASE("an environment variable that is no option is warned about", "[apps]") {
  const Outcome list =
      run({.arguments = {"list", "models"}, .environment = {{"FRACBIT_EPOCH", "3"}}});
  CHECK(list.exit_code == 0);
  CHECK(list.err.find("fracbit: warning: FRACBIT_EPOCH") == 0);
  CHECK(list.err.find("FRACBIT_EPOCHS") != std::string::npos);
  const Outcome known = run({.arguments = {"list", "models"},
                             .environment = {{"FRACBIT_EPOCHS", "3"}, {"FRACBIT_ISA", "scalar"}}});
  CHECK(known.err.empty());
}
