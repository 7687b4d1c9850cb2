#include "fracbit/framework/run_directory.h"

#include <sys/stat.h>

#include <cmath>

#include "fracbit/framework/curves.h"
#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;
using Existing = RunDirectory::Existing;

namespace {

EpochReport row(int64_t epoch) {
  EpochReport report;
  report.epoch = epoch;
  report.train_loss = 2.0 / static_cast<double>(epoch);
  report.train_top1 = 90 - 60.0 / static_cast<double>(epoch);
  report.test_loss = report.train_loss + 0.1;
  report.test_top1 = report.train_top1 + 2;
  return report;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("run directory: a new one is made with its parents and filled") {
  const TemporaryFolder folder;
  RunDirectory run(folder / "a/b", Existing::refuse, "title");
  run.write_config("model = \"mlp\"\n");
  run.append(row(1));
  CHECK(read_bytes(run.config()) == "model = \"mlp\"\n");
  CHECK(count(read_bytes(run.path() + "/metrics.csv"), "\n") == 2);
  CHECK(count(read_bytes(run.path() + "/metrics.jsonl"), "\n") == 1);
  CHECK(read_bytes(run.curves()).find("title") != std::string::npos);
}

TEST_CASE("run directory: one with files is refused and stays as it is") {
  const TemporaryFolder folder;
  write_bytes(folder / "last.ckpt", "precious");
  CHECK_THROWS_AS(RunDirectory(folder.path(), Existing::refuse, ""), ConfigError);
  CHECK(read_bytes(folder / "last.ckpt") == "precious");
  std::filesystem::create_directory(folder / "empty");
  CHECK_NOTHROW(RunDirectory(folder / "empty", Existing::refuse, ""));
}

TEST_CASE("run directory: one that was made for nothing is gone, one that was there stays") {
  const TemporaryFolder folder;
  { const RunDirectory run(folder / "new", Existing::refuse, ""); }
  CHECK_FALSE(std::filesystem::exists(folder / "new"));
  std::filesystem::create_directory(folder / "old");
  { const RunDirectory run(folder / "old", Existing::refuse, ""); }
  CHECK(std::filesystem::exists(folder / "old"));
  { RunDirectory(folder / "used", Existing::refuse, "").write_config("epochs = 1\n"); }
  CHECK(read_bytes(folder / "used/config.toml") == "epochs = 1\n");
}

TEST_CASE("run directory: overwriting removes the files of a run and no others") {
  const TemporaryFolder folder;
  write_bytes(folder / "last.ckpt", "old");
  write_bytes(folder / "metrics.jsonl", "damaged");
  write_bytes(folder / "notes.txt", "mine");
  RunDirectory run(folder.path(), Existing::overwrite, "");
  CHECK(read_bytes(run.last_checkpoint()) == "old");
  run.start(0);
  CHECK_FALSE(std::filesystem::exists(run.last_checkpoint()));
  CHECK(read_bytes(folder / "notes.txt") == "mine");
  CHECK(run.rows().empty());
}

TEST_CASE("run directory: a resume keeps whole epochs and goes on") {
  const TemporaryFolder folder;
  const std::string path = folder / "run";
  {
    RunDirectory run(path, Existing::refuse, "");
    run.write_config("a = 1\n");
    for (int64_t epoch = 1; epoch <= 3; ++epoch) run.append(row(epoch));
  }
  RunDirectory run(path, Existing::resume, "");
  CHECK(read_bytes(run.config()) == "a = 1\n");
  run.start(2);
  run.append(row(3));
  run.append(row(4));
  REQUIRE(run.rows().size() == 4);
  for (size_t i = 0; i < 4; ++i) CHECK(run.rows()[i].epoch == static_cast<int64_t>(i) + 1);
}

TEST_CASE("run directory: a file in its place, or one that cannot be made, is said") {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "x");
  CHECK_THROWS_AS(RunDirectory(folder / "file", Existing::refuse, ""), ConfigError);
  CHECK_THROWS_AS(RunDirectory(folder / "file", Existing::overwrite, ""), ConfigError);
  CHECK_THROWS_AS(RunDirectory(folder / "file/run", Existing::refuse, ""), WriteError);
  CHECK_THROWS_AS(RunDirectory("/proc/fracbit", Existing::refuse, ""), WriteError);
  write_bytes(folder / "metrics.jsonl", "damaged");
  CHECK_THROWS_AS(RunDirectory(folder.path(), Existing::resume, ""), FileError);
}

TEST_CASE("curves: two panels with two curves each, for any number of rows") {
  std::vector<EpochReport> rows;
  for (int64_t epoch = 0; epoch <= 40; ++epoch) {
    const std::string svg = curves_svg(rows, "vgg8 <hbnn> & more");
    CHECK(svg.starts_with("<svg xmlns="));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.find("vgg8 &lt;hbnn> &amp; more") != std::string::npos);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
    CHECK(count(svg, "<path") == (rows.empty() ? 0 : 4));
    CHECK(count(svg, "<text") < 60);
    rows.push_back(row(epoch + 1));
  }
}

TEST_CASE("curves: what was not measured leaves a gap") {
  std::vector<EpochReport> rows{row(1), row(2), row(3), row(4)};
  rows[1].test_top1 = rows[1].test_loss = EpochReport::kNone;
  const std::string svg = curves_svg(rows, "");
  CHECK(count(svg, "d=\"M") == 4);
  CHECK(count(svg, " M") == 2);
  for (EpochReport& report : rows) report.test_top1 = report.test_loss = EpochReport::kNone;
  CHECK(count(curves_svg(rows, ""), "<path") == 2);
}
