#include "fracbit/framework/atomic_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fracbit/framework/error.h"
#include "fracbit/framework/input_file.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::read_bytes;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

/// Files of this process end at `bytes`, as on a full disk, while one lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// Root may write everywhere, so tests of permissions give that up for a moment.
class WithoutRoot {
 public:
  WithoutRoot() : was_root_(::geteuid() == 0) {
    if (was_root_ && ::seteuid(65534) != 0) was_root_ = false;
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;
  ~WithoutRoot() {
    if (was_root_ && ::seteuid(0) != 0) std::terminate();
  }

 private:
  bool was_root_;
};

}  // namespace

TEST_CASE("a file is replaced as a whole") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new, ");
    CHECK(read_bytes(path) == "old");
    file.write("longer");
    file.commit();
  }
  CHECK(read_bytes(path) == "new, longer");
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_CASE("a file that is not committed leaves the old one and no temporary") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file(path, "old");
  { AtomicFile(path).write("half"); }
  CHECK(read_bytes(path) == "old");
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_CASE("the temporary of a killed process is taken over, that of a living one is not") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_bytes(path + ".tmp", "left behind, and longer than the new content");
  write_file(path, "new");
  CHECK(read_bytes(path) == "new");

  AtomicFile first(path);
  CHECK_THROWS_AS(AtomicFile(path), WriteError);
  first.write("first");
  first.commit();
  CHECK(read_bytes(path) == "first");
}

TEST_CASE("a full disk gives a WriteError and keeps the old file") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file(path, "old");
  const std::string content(100000, 'x');
  {
    const FileSizeLimit limit(4096);
    CHECK_THROWS_AS(write_file(path, content), WriteError);
  }
  CHECK(read_bytes(path) == "old");
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_CASE("a folder that may not be written, is missing or is a file gives a WriteError") {
  const TemporaryFolder folder;
  write_file(folder / "file", "old");
  CHECK_THROWS_AS(write_file(folder / "missing/file", "new"), WriteError);
  CHECK_THROWS_AS(write_file(folder / "file/file", "new"), WriteError);
  CHECK_THROWS_AS(write_file(folder.path(), "new"), WriteError);
  CHECK_THROWS_AS(write_file("", "new"), WriteError);
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  {
    const WithoutRoot permissions;
    if (::access(folder.path().c_str(), W_OK) == 0 && ::geteuid() == 0) {
      WARN("SKIPPED: root cannot be given up here");
    } else {
      CHECK_THROWS_AS(write_file(folder / "file", "new"), WriteError);
    }
  }
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  CHECK(read_bytes(folder / "file") == "old");
}

TEST_CASE("devices and FIFOs are neither replaced nor waited for") {
  const TemporaryFolder folder;
  const std::string fifo = folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THROWS_AS(write_file(fifo, "new"), WriteError);
  CHECK_THROWS_AS(write_file("/dev/null", "new"), WriteError);
  CHECK_THROWS_AS(InputFile(fifo), FileError);
  CHECK_THROWS_AS(InputFile("/dev/zero"), FileError);
  CHECK_THROWS_AS(InputFile(folder.path()), FileError);
  CHECK_THROWS_AS(InputFile(folder / "missing"), FileError);
}

TEST_CASE("an input file is read in any order and never past its end") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_bytes(path, "0123456789");
  const InputFile file(path);
  CHECK(file.size() == 10);
  std::string piece(3, ' ');
  file.read(7, std::as_writable_bytes(std::span(piece)));
  CHECK(piece == "789");
  file.read(0, std::as_writable_bytes(std::span(piece)));
  CHECK(piece == "012");
  CHECK_THROWS_AS(file.read(8, std::as_writable_bytes(std::span(piece))), FileError);
  CHECK(read_text(path) == "0123456789");
  CHECK_THROWS_AS(read_text(path, 9), FileError);
}
