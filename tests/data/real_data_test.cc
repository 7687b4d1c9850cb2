#include <array>

#include "fracbit/data/data.h"
#include "support.h"

namespace fracbit {
namespace {

using Counts = std::vector<int64_t>;

struct Statistics {
  Counts counts;
  std::vector<double> mean;
  std::vector<double> deviation;
};

Statistics statistics(const data::Dataset& dataset) {
  const auto channels = static_cast<size_t>(dataset.image_shape().back());
  Statistics result{Counts(static_cast<size_t>(dataset.classes()), 0), {}, {}};
  std::vector<double> sums(channels, 0);
  std::vector<double> squares(channels, 0);
  data::Sample sample;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    dataset.get(i, sample);
    ++result.counts.at(static_cast<size_t>(sample.label));
    for (size_t k = 0; k < static_cast<size_t>(sample.image.size()); ++k) {
      const double x = sample.image.data()[k];
      sums[k % channels] += x;
      squares[k % channels] += x * x;
    }
  }
  const auto pixels = static_cast<double>(dataset.size() * dataset.image_shape().size()) /
                      static_cast<double>(channels);
  for (size_t c = 0; c < channels; ++c) {
    result.mean.push_back(sums[c] / pixels);
    result.deviation.push_back(std::sqrt(squares[c] / pixels - result.mean[c] * result.mean[c]));
  }
  return result;
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t c = 0; c < found.size(); ++c) CHECK(found[c] == Approx(expected[c]).margin(2e-6));
}

std::string shell_quoted(const std::string& text) {
  return "'" + text + "'";
}

// Folder of CIFAR-10's files: as they are, or unpacked into `scratch` if they are .xz files; empty
// without the files or the xz program.
std::string cifar10_folder(const test::TemporaryFolder& scratch) {
  const std::string folder = test::real_data("cifar-10/cifar-10-batches-bin");
  if (folder.empty() || std::filesystem::exists(folder + "/test_batch.bin")) return folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".xz") continue;
    const std::string command = "xz -dc " + shell_quoted(entry.path().string()) + " > " +
                                shell_quoted(scratch / entry.path().stem().string());
    if (std::system(command.c_str()) != 0) return {};
  }
  return scratch.path();
}

}  // namespace

TEST_CASE("mnist: the published files have the published content") {
  const std::string root = test::real_data("mnist");
  if (root.empty()) {
    WARN("SKIPPED: no MNIST files in FRACBIT_DATA");
    return;
  }
  const auto train = data::open("mnist", {.root = root});
  CHECK(train->size() == 60000);
  const Statistics found = statistics(*train);
  CHECK(found.counts == Counts{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});
  check_close(found.mean, train->mean());
  check_close(found.deviation, train->deviation());
  const Statistics test = statistics(*data::open("mnist", {.root = root, .split = "test"}));
  CHECK(test.counts == Counts{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009});
  check_close(test.mean, {0.13251461});
  check_close(test.deviation, {0.31048025});
}

TEST_CASE("cifar10: the published files have the published content") {
  const test::TemporaryFolder scratch;
  const std::string root = cifar10_folder(scratch);
  if (root.empty()) {
    WARN("SKIPPED: no CIFAR-10 files in FRACBIT_DATA, or no xz program to unpack them");
    return;
  }
  const auto train = data::open("cifar10", {.root = root});
  CHECK(train->size() == 50000);
  const Statistics found = statistics(*train);
  CHECK(found.counts == Counts(10, 5000));
  check_close(found.mean, train->mean());
  check_close(found.deviation, train->deviation());
  const Statistics test = statistics(*data::open("cifar10", {.root = root, .split = "test"}));
  CHECK(test.counts == Counts(10, 1000));
  check_close(test.mean, {0.49421506, 0.48513160, 0.45040748});
  check_close(test.deviation, {0.24664914, 0.24289232, 0.26158902});
}

}  // namespace fracbit
