#include <algorithm>

#include "fracbit/data/data.h"
#include "fracbit/framework/parallel.h"
#include "support.h"

namespace fracbit {
namespace {

// Pixels and labels of a data set, one byte each.
std::vector<uint8_t> bytes_of(const data::Dataset& dataset) {
  std::vector<uint8_t> bytes;
  data::Sample sample;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    dataset.get(i, sample);
    bytes.push_back(static_cast<uint8_t>(sample.label));
    for (const real x : sample.image.span()) {
      bytes.push_back(static_cast<uint8_t>(std::lround(x * 255)));
    }
  }
  return bytes;
}

std::vector<uint8_t> drawn(const std::string& split, uint64_t seed, int64_t limit) {
  return bytes_of(*data::open("synthetic-digits", {.split = split, .limit = limit, .seed = seed}));
}

// FNV-1a.
uint64_t digest(const std::vector<uint8_t>& bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

}  // namespace

TEST_CASE("synthetic-digits: sizes, labels and statistics are as declared") {
  const auto train = data::open("synthetic-digits", {});
  CHECK(train->size() == 20000);
  CHECK(train->image_shape() == Shape{32, 32, 3});
  const auto test = data::open("synthetic-digits", {.split = "test"});
  CHECK(test->size() == 4000);
  std::vector<int64_t> counts(10, 0);
  double sum = 0;
  double squares = 0;
  data::Sample sample;
  for (int64_t i = 0; i < test->size(); ++i) {
    test->get(i, sample);
    ++counts.at(static_cast<size_t>(sample.label));
    for (const real x : sample.image.span()) {
      sum += x;
      squares += static_cast<double>(x) * x;
    }
  }
  CHECK(*std::min_element(counts.begin(), counts.end()) > 300);
  CHECK(*std::max_element(counts.begin(), counts.end()) < 500);
  const double mean = sum / (4000 * 3072);
  CHECK(mean == Approx(test->mean()[0]).margin(0.02));
  CHECK(std::sqrt(squares / (4000 * 3072) - mean * mean) ==
        Approx(test->deviation()[0]).margin(0.02));
}

TEST_CASE(
    "synthetic-digits: images depend on seed, split and number, not on threads or the limit") {
  const int before = threads();
  const std::vector<uint8_t> images = drawn("train", 3, 200);
  set_threads(5);
  const std::vector<uint8_t> more = drawn("train", 3, 300);
  set_threads(before);
  CHECK(std::equal(images.begin(), images.end(), more.begin()));
  CHECK(images != drawn("train", 4, 200));
  CHECK(images != drawn("test", 3, 200));
}

TEST_CASE("synthetic-digits: the same bytes with every compiler and optimisation") {
  CHECK(digest(drawn("train", 0, 100)) == 0xcc40e3aa9a8d5cca);
}

TEST_CASE("synthetic-digits-224: the same digits, every pixel as a square of 7 by 7") {
  const data::OpenOptions options{.split = "test", .limit = 2, .seed = 3};
  const auto small = data::open("synthetic-digits", options);
  const auto large = data::open("synthetic-digits-224", options);
  REQUIRE(large->size() == 2);
  CHECK(large->classes() == 10);
  data::Sample a, b;
  for (int64_t i = 0; i < 2; ++i) {
    small->get(i, a);
    large->get(i, b);
    CHECK(a.label == b.label);
    REQUIRE(b.image.shape() == Shape{224, 224, 3});
    int64_t different = 0;
    for (int64_t k = 0; k < b.image.size(); ++k) {
      const int64_t y = k / (224 * 3) / 7, x = k / 3 % 224 / 7;
      if (b.image[k] != a.image[(y * 32 + x) * 3 + k % 3]) ++different;
    }
    CHECK(different == 0);
  }
}

}  // namespace fracbit
