#include "fracbit/data/verify.h"

#include <sys/stat.h>

#include <string_view>

#include "fracbit/data/md5.h"
#include "support.h"

namespace fracbit {
namespace {

using data::FileState;
using test::contains;
using test::message_of;

std::string md5_of(const std::string& text) {
  return data::md5({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::vector<std::string> lines(const std::vector<data::FileCheck>& checks) {
  std::vector<std::string> result;
  for (const data::FileCheck& check : checks) {
    result.push_back(std::string(check.dataset) + " " +
                     std::filesystem::path(check.path).filename().string() + " " +
                     std::string(to_string(check.state)));
  }
  return result;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("md5: the test suite of RFC 1321, and lengths around a block") {
  CHECK(md5_of("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(md5_of("a") == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(md5_of("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(md5_of("abcdefghijklmnopqrstuvwxyz") == "c3fcd3d76192e4007dfb496cca67e13b");
  const std::string digits = "1234567890";
  std::string eighty;
  for (int i = 0; i < 8; ++i) eighty += digits;
  CHECK(md5_of(eighty) == "57edf4a22be3c955ac49da2e2107b67a");
  CHECK(md5_of(std::string(55, 'x')) == "04364420e25c512fd958a70738aa8f72");
  CHECK(md5_of(std::string(56, 'x')) == "668a72d5ba17f08e62dabcafad6db14b");
  CHECK(md5_of(std::string(64, 'x')) == "c1bb4f81d892b2d57947682aeb252456");
}

TEST_CASE("verify: files that differ, are missing or cannot be read are reported, not thrown") {
  const test::TemporaryFolder folder;
  test::write_file(folder / "data_batch_1.bin", {1, 2, 3});
  REQUIRE(mkfifo((folder / "data_batch_3.bin").c_str(), 0600) == 0);
  const std::vector<data::FileCheck> checks = data::verify(folder.path());
  CHECK(lines(checks) ==
        Lines{"cifar10 data_batch_1.bin differs", "cifar10 data_batch_3.bin unreadable",
              "cifar10 data_batch_2.bin missing", "cifar10 data_batch_4.bin missing",
              "cifar10 data_batch_5.bin missing", "cifar10 test_batch.bin missing"});
  CHECK(checks[0].detail ==
        "expects md5 5dd7e06a14cb22eb9f671a540d1b7c25, found 5289df737df57326fcdd22597afb1fac");
  CHECK(contains(checks[1].detail, "found a FIFO"));
}

TEST_CASE("verify: an archive that is not unpacked needs no unpacked files") {
  const test::TemporaryFolder folder;
  test::write_file(folder / "cifar-100-binary.tar.gz", {1});
  CHECK(lines(data::verify(folder.path())) == Lines{"cifar100 cifar-100-binary.tar.gz differs"});
}

TEST_CASE("verify: packed and unpacked files replace each other") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "mnist");
  test::write_file(folder / "mnist/train-images-idx3-ubyte.gz", {1});
  test::write_file(folder / "mnist/train-labels-idx1-ubyte", {1});
  CHECK(lines(data::verify(folder.path(), "mnist")) ==
        Lines{"mnist train-images-idx3-ubyte.gz differs", "mnist train-labels-idx1-ubyte differs",
              "mnist t10k-images-idx3-ubyte missing", "mnist t10k-labels-idx1-ubyte missing"});
}

TEST_CASE("verify: what cannot be checked is refused") {
  const test::TemporaryFolder folder;
  CHECK(message_of([&] { data::verify(folder.path()); }) ==
        folder.path() + ": expects official files of a data set, found none");
  CHECK(contains(message_of([&] { data::verify(folder.path(), "mnist"); }), "files of mnist"));
  CHECK_THROWS_AS(data::verify(""), ConfigError);
  CHECK_THROWS_AS(data::verify(folder.path(), "mnits"), ConfigError);
}

TEST_CASE("verify: the published MNIST files are recognised as MNIST") {
  const std::string root = test::real_data("mnist");
  if (root.empty()) {
    WARN("SKIPPED: no MNIST files in FRACBIT_DATA");
    return;
  }
  CHECK(lines(data::verify(root)) ==
        Lines{"mnist train-images-idx3-ubyte.gz ok", "mnist train-labels-idx1-ubyte.gz ok",
              "mnist t10k-images-idx3-ubyte.gz ok", "mnist t10k-labels-idx1-ubyte.gz ok"});
  CHECK(lines(data::verify(root, "fashion-mnist"))[0] ==
        "fashion-mnist train-images-idx3-ubyte.gz differs");
}

}  // namespace fracbit
