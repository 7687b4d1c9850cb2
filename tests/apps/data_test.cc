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

/// Runs `fracbit data fetch mnist` into folder/data with a program of ours in the place of curl.
Outcome fetch_with(const TemporaryFolder& folder, const std::string& curl_script) {
  const std::string curl = folder / "curl";
  write_bytes(curl, "#!/bin/sh\n" + curl_script);
  std::filesystem::permissions(curl, std::filesystem::perms::owner_all);
  return run({.arguments = {"data", "fetch", "mnist", "--data-dir", folder / "data", "--quiet"},
              .environment = {{"PATH", folder.path() + ":/usr/bin:/bin"}}});
}

}  // namespace

TEST_CASE("data fetch refuses what differs from what was published", "[apps]") {
  const TemporaryFolder folder;
  const Outcome wrong = fetch_with(
      folder, "while [ \"$1\" != --output ]; do shift; done\necho something else > \"$2\"\n");
  CHECK(error_fault(wrong, 3, "f68b3c2dcbeaaa9fbdd348bbdeb94873") == "");
  CHECK(std::filesystem::is_empty(folder / "data"));
}

TEST_CASE("data fetch tells that a download failed", "[apps]") {
  const TemporaryFolder folder;
  CHECK(error_fault(fetch_with(folder, "exit 22\n"), 3, "exit code 22") == "");
  CHECK(error_fault(
            run({.arguments = {"data", "fetch", "mnist", "--data-dir", folder / "data", "--quiet"},
                 .environment = {{"PATH", folder.path() + "/nowhere"}}}),
            2, "curl") == "");
  CHECK(error_fault(run({"data", "fetch", "minst"}), 2, "mnist") == "");
  CHECK(error_fault(run({"data", "fetch", "synthetic-digits"}), 2, "no files") == "");
}

TEST_CASE("data verify reports each official file and what is wrong with it", "[apps]") {
  const TemporaryFolder folder;
  write_bytes(folder / "train-labels-idx1-ubyte.gz", "not the published bytes");
  const Outcome verified = run({"data", "verify", folder.path(), "--json"});
  CHECK(verified.exit_code == 3);
  const auto files = verified.json()["files"];
  REQUIRE(files.size() == 4);
  int differing = 0;
  for (const auto& file : files) {
    const bool there = file["path"] == folder / "train-labels-idx1-ubyte.gz";
    CHECK(file["state"] == (there ? "differs" : "missing"));
    differing += there ? 1 : 0;
  }
  CHECK(differing == 1);
}
