#include <sys/stat.h>

#include <filesystem>

#include "apps/program.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using fracbit::test::error_fault;
using fracbit::test::read_bytes;
using fracbit::test::run;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

std::string idx_images(uint32_t count) {
  return big_endian(0x803) + big_endian(count) + big_endian(28) + big_endian(28) +
         std::string(size_t{count} * 28 * 28, '\x40');
}

std::string idx_labels(uint32_t count, char label = 3) {
  return big_endian(0x801) + big_endian(count) + std::string(count, label);
}

constexpr const char* kTrainImages = "train-images-idx3-ubyte";
constexpr const char* kTrainLabels = "train-labels-idx1-ubyte";

/// A folder with 20 images in the files of MNIST.
class SmallMnist {
 public:
  SmallMnist() {
    write(kTrainImages, idx_images(20));
    write(kTrainLabels, idx_labels(20));
    write("t10k-images-idx3-ubyte", idx_images(20));
    write("t10k-labels-idx1-ubyte", idx_labels(20));
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& bytes) { write_bytes(path(name), bytes); }
  void remove(const std::string& name) { std::filesystem::remove(path(name)); }

  fracbit::test::Outcome train() const {
    return run({"train", "--dataset", "mnist", "--data-dir", folder_.path(), "--model", "lenet5",
                "--epochs", "1", "--batch-size", "10", "--quiet", "--out", folder_ / "run"});
  }
  /// Empty if training refuses the file with exit code 3, naming it, and has begun no run.
  std::string fault(const std::string& name) const {
    const std::string fault = error_fault(train(), 3, name);
    return std::filesystem::exists(path("run")) ? "there is a run" : fault;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a small data set in the official form trains", "[apps]") {
  CHECK(SmallMnist().train().exit_code == 0);
}

TEST_CASE("damaged data files are exit code 3 and start no run", "[apps]") {
  SmallMnist mnist;
  const std::string images = idx_images(20);
  const std::vector<std::string> bad = {
      "",                                    // empty
      big_endian(0x804) + images.substr(4),  // wrong magic number
      images.substr(0, 10),                  // truncated in the header
      images.substr(0, images.size() - 1),   // truncated
      images + "x",                          // oversized
      idx_images(19),                        // another count than labels
      std::string("\x1f\x8b\x08\0bad", 7),   // begins like gzip
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    mnist.write(kTrainImages, bad[i]);
    CHECK(mnist.fault("train-") == "");
  }
  mnist.remove(kTrainImages);
  CHECK(mnist.fault("train-images") == "");
  std::filesystem::create_directory(mnist.path(kTrainImages));
  CHECK(mnist.fault("train-images") == "");
  mnist.remove(kTrainImages);
  REQUIRE(::mkfifo(mnist.path(kTrainImages).c_str(), 0600) == 0);
  CHECK(mnist.fault("train-images") == "");
  mnist.remove(kTrainImages);
  mnist.write(kTrainImages, images);
  mnist.write(kTrainLabels, idx_labels(20, 10));  // label out of range
  CHECK(mnist.fault(kTrainLabels) == "");
}

TEST_CASE("missing data folders are named", "[apps]") {
  const TemporaryFolder folder;
  CHECK(error_fault(run({"train", "--dataset", "mnist", "--out", folder / "run"}), 2,
                    "--data-dir") == "");
  CHECK(error_fault(run({"train", "--dataset", "mnist", "--data-dir", folder / "none", "--out",
                         folder / "run"}),
                    3, "none") == "");
  CHECK(error_fault(run({"data", "verify", folder / "none"}), 3, "none") == "");
}

TEST_CASE("damaged and foreign checkpoints are exit code 3", "[apps]") {
  const TemporaryFolder folder;
  const std::string out = folder / "run";
  REQUIRE(run({"train", "--train-limit", "16", "--eval-limit", "16", "--batch-size", "16",
               "--epochs", "1", "--quiet", "--out", out})
              .exit_code == 0);
  const std::string good = read_bytes(out + "/last.ckpt");
  const std::string path = folder / "bad.ckpt";
  const std::vector<const char*> all = {"eval", "inspect"}, whole = {"inspect"};
  const auto fault = [&](const std::string& bytes, const std::vector<const char*>& commands) {
    write_bytes(path, bytes);
    for (const char* command : commands) {
      const std::string found = error_fault(run({command, path}), 3, path);
      if (!found.empty()) return command + (": " + found);
    }
    return error_fault(run({"train", "--resume", path}), 3, path);
  };
  for (size_t length : {size_t{0}, size_t{7}, size_t{8}, size_t{500}, good.size() - 1}) {
    CAPTURE(length);
    CHECK(fault(good.substr(0, length), all) == "");
  }
  const auto flipped = [&](size_t at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    return bytes;
  };
  for (size_t at : {size_t{0}, size_t{40}, size_t{300}, good.size() / 8}) {
    CAPTURE(at);
    CHECK(fault(flipped(at), all) == "");
  }
  for (size_t at :
       {good.size() / 2, good.size() - 1}) {  // the optimizer's, which eval leaves there
    CAPTURE(at);
    CHECK(fault(flipped(at), whole) == "");
  }
  CHECK(fault("#!/bin/sh\necho this is no checkpoint, and long enough for a header\n", all) == "");
  CHECK(error_fault(run({"inspect", folder.path()}), 3, folder.path()) == "");
}

TEST_CASE("what cannot be written is exit code 5", "[apps]") {
  const TemporaryFolder folder;
  const std::vector<std::string> small = {"train", "--train-limit", "16",   "--eval-limit",
                                          "16",    "--batch-size",  "16",   "--epochs",
                                          "1",     "--quiet",       "--out"};
  const auto train_to = [&](const std::string& out) {
    std::vector<std::string> arguments = small;
    arguments.push_back(out);
    return arguments;
  };
  CHECK(error_fault(run(train_to("/proc/fracbit-run")), 5, "/proc/fracbit-run") == "");
  const std::string out = folder / "run";
  CHECK(error_fault(run({.arguments = train_to(out), .file_limit_bytes = 100000}), 5,
                    "best.ckpt") == "");
  CHECK_FALSE(std::filesystem::exists(out + "/last.ckpt"));
  write_bytes(folder / "file", "x");
  CHECK(error_fault(run(train_to(folder / "file")), 2, folder / "file") == "");
  CHECK(read_bytes(folder / "file") == "x");
}

TEST_CASE("not enough memory is exit code 6", "[apps]") {
  // The first layer's output alone has 1 GB.
  CHECK(error_fault(run({.arguments = {"bench", "--model", "vgg8", "--batch", "4096"},
                         .memory_limit_bytes = 800'000'000}),
                    6, "memory") == "");
}
