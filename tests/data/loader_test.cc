#include <atomic>
#include <memory>
#include <set>

#include "fracbit/data/data_loader.h"
#include "fracbit/data/memory_dataset.h"
#include "support.h"

namespace fracbit {
namespace {

using data::DataLoader;
using data::Dataset;
using data::LoaderOptions;

// 23 images of 4 x 5 x 2 whose first byte is their number.
std::shared_ptr<const Dataset> numbered_images() {
  constexpr int64_t kCount = 23;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
  for (int64_t i = 0; i < kCount; ++i) {
    for (int64_t k = 0; k < 40; ++k) {
      pixels.push_back(static_cast<uint8_t>(k == 0 ? i : (i * 37 + k * 11) % 256));
    }
    labels.push_back(static_cast<uint8_t>(i % 3));
  }
  return std::make_shared<data::MemoryDataset>(data::DatasetInfo{.name = "numbered",
                                                                 .image_shape = {4, 5, 2},
                                                                 .class_names = {"a", "b", "c"},
                                                                 .mean = {0.4, 0.5},
                                                                 .deviation = {0.2, 0.25}},
                                               std::move(pixels), std::move(labels));
}

LoaderOptions augmented(int workers, int prefetch = 4) {
  return {.batch = 4,
          .shuffle = true,
          .seed = 7,
          .workers = workers,
          .prefetch = prefetch,
          .transform = data::compose({data::pad_crop(1), data::flip_lr(), data::brightness(0.1),
                                      data::contrast(0.5, 1.5)})};
}

std::vector<Batch> rest_of_epoch(DataLoader& loader) {
  std::vector<Batch> batches;
  for (Batch batch; loader.next(batch);) batches.push_back(batch);
  return batches;
}

void require_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].labels == b[i].labels);
    REQUIRE(a[i].images.shape() == b[i].images.shape());
    const auto x = a[i].images.span();
    REQUIRE(std::equal(x.begin(), x.end(), b[i].images.data()));
  }
}

// Numbers of the samples in the order of an epoch, from images that are not transformed.
std::vector<int> sample_numbers(DataLoader& loader) {
  std::vector<int> numbers;
  for (Batch batch; loader.next(batch);) {
    for (int64_t k = 0; k < batch.images.shape()[0]; ++k) {
      numbers.push_back(static_cast<int>(std::lround(batch.images[k * 40] * 255)));
    }
  }
  return numbers;
}

}  // namespace

TEST_CASE("loader: without shuffling, samples come in order, normalised") {
  const auto dataset = numbered_images();
  DataLoader loader(dataset, {.batch = 10});
  CHECK(loader.batches() == 3);
  CHECK(loader.samples() == 23);
  const std::vector<Batch> batches = rest_of_epoch(loader);
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].images.shape() == Shape{10, 4, 5, 2});
  CHECK(batches[2].images.shape() == Shape{3, 4, 5, 2});
  data::Sample sample;
  for (int64_t i = 0; i < 23; ++i) {
    dataset->get(i, sample);
    const Batch& batch = batches[static_cast<size_t>(i / 10)];
    CHECK(batch.labels[static_cast<size_t>(i % 10)] == sample.label);
    const real* image = batch.images.data() + i % 10 * 40;
    CHECK(image[0] == Approx((sample.image[0] - 0.4) / 0.2).margin(1e-5));
    CHECK(image[1] == Approx((sample.image[1] - 0.5) / 0.25).margin(1e-5));
  }
}

TEST_CASE("loader: drop_last leaves out the batch that is not full") {
  DataLoader loader(numbered_images(), {.batch = 10, .drop_last = true});
  CHECK(loader.batches() == 2);
  CHECK(loader.samples() == 20);
  CHECK(rest_of_epoch(loader).size() == 2);
}

TEST_CASE("loader: shuffling visits each sample once, in another order each epoch and seed") {
  std::set<std::vector<int>> orders;
  for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
    DataLoader loader(numbered_images(),
                      {.batch = 4, .shuffle = true, .seed = seed, .normalize = false});
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      loader.start(epoch);
      const std::vector<int> numbers = sample_numbers(loader);
      CHECK(numbers.size() == 23);
      CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == 23);
      orders.insert(numbers);
    }
  }
  CHECK(orders.size() == 6);
}

TEST_CASE("loader: the same bits for any number of workers and any prefetch") {
  DataLoader reference(numbered_images(), augmented(0));
  for (const int workers : {1, 2, 5}) {
    for (const int prefetch : {1, 2, 7}) {
      DataLoader loader(numbered_images(), augmented(workers, prefetch));
      for (const int64_t epoch : {0, 3}) {
        reference.start(epoch);
        loader.start(epoch);
        require_equal(rest_of_epoch(reference), rest_of_epoch(loader));
      }
    }
  }
}

TEST_CASE("loader: resuming in the middle of an epoch gives what would have come") {
  for (const int workers : {0, 1, 2, 5}) {
    DataLoader whole(numbered_images(), augmented(workers));
    whole.start(2);
    std::vector<Batch> expected = rest_of_epoch(whole);
    for (int64_t first = 0; first <= whole.batches(); ++first) {
      DataLoader resumed(numbered_images(), augmented(workers));
      Batch unused;
      REQUIRE(resumed.next(unused));
      resumed.start(2, first);
      require_equal({expected.begin() + first, expected.end()}, rest_of_epoch(resumed));
      CHECK_FALSE(resumed.next(unused));
    }
  }
}

TEST_CASE("loader: a new epoch augments differently") {
  DataLoader loader(numbered_images(), {.batch = 23, .transform = data::brightness(0.3)});
  Batch first;
  Batch second;
  REQUIRE(loader.next(first));
  loader.start(1);
  REQUIRE(loader.next(second));
  CHECK(first.labels == second.labels);
  CHECK(first.images[0] != second.images[0]);
}

TEST_CASE("loader: an error of a worker reaches the consumer, at its place, and the rest goes on") {
  for (const int workers : {0, 1, 2, 5}) {
    const auto failing = [](Tensor& image, data::RandomStream&) {
      if (std::lround(image[0] * 255) == 9) throw FileError("image 9: damaged");
    };
    DataLoader loader(numbered_images(), {.batch = 4, .workers = workers, .transform = failing});
    Batch batch;
    for (int b = 0; b < 2; ++b) REQUIRE(loader.next(batch));
    CHECK(test::message_of([&] { loader.next(batch); }) == "image 9: damaged");
    for (int b = 3; b < 6; ++b) REQUIRE(loader.next(batch));
    CHECK_FALSE(loader.next(batch));
  }
}

TEST_CASE("loader: ends at once with batches still in preparation") {
  std::atomic<int> calls = 0;
  {
    DataLoader loader(
        numbered_images(),
        {.batch = 1, .workers = 3, .prefetch = 20, .transform = [&](Tensor&, data::RandomStream&) {
           ++calls;
         }});
    Batch batch;
    REQUIRE(loader.next(batch));
  }
  CHECK(calls >= 1);
  CHECK(calls <= 21);
}

TEST_CASE("loader: options out of range are refused") {
  const auto refused = [](LoaderOptions options) {
    return test::message_of<ConfigError>([&] { DataLoader(numbered_images(), options); });
  };
  CHECK(refused({.batch = 0}) == "[data_loader] expects a batch size from 1 to 16777216, got 0");
  CHECK(test::contains(refused({.batch = -1}), "got -1"));
  CHECK(test::contains(refused({.workers = -1}), "number of workers from 0 to 64, got -1"));
  CHECK(test::contains(refused({.prefetch = 0}), "prefetch from 1 to 1024, got 0"));
  CHECK(test::contains(refused({.batch = 24, .drop_last = true}), "at least one full batch"));
  DataLoader loader(numbered_images(), {.batch = 4});
  CHECK_THROWS_AS(loader.start(-1), ConfigError);
  CHECK_THROWS_AS(loader.start(0, 7), ConfigError);
  CHECK_THROWS_AS(loader.start(0, -1), ConfigError);
}

TEST_CASE("loader: a transform must keep the shape") {
  DataLoader loader(numbered_images(), {.transform = [](Tensor& image, data::RandomStream&) {
                      image = Tensor::zeros({2, 2, 2});
                    }});
  Batch batch;
  CHECK(test::message_of<ShapeError>([&] { loader.next(batch); }) ==
        "[data_loader] expects images [4, 5, 2] of numbered after the transform, got [2, 2, 2]");
}

}  // namespace fracbit
