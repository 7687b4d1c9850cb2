// The runtime against the meaning of its ops, on random models.

#include <algorithm>
#include <thread>

#include "deploy/random_model.h"
#include "deploy/reference.h"
#include "fracbit/framework/error.h"
#include "fracbit/quantize/deploy/packed_model.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using deploy::Executor;
using deploy::Model;
using deploy::PackedModel;
using deploy::testing::ModelDraw;

/// Runs tasks backwards, on two threads.
void for_each_on_two(void*, int64_t count, void (*task)(void*, int64_t), void* data) {
  const auto half = [=](int64_t first) {
    for (int64_t i = (count - 1 - first) / 2 * 2 + first; i >= 0; i -= 2) task(data, i);
  };
  std::thread other([&] { half(1); });
  half(0);
  other.join();
}

std::vector<float> expected(const Model& model, std::span<const float> images, int64_t count) {
  std::vector<float> scores;
  const size_t size = images.size() / static_cast<size_t>(count);
  for (int64_t n = 0; n < count; ++n) {
    const auto row =
        deploy::reference::run(model, images.subspan(static_cast<size_t>(n) * size, size));
    scores.insert(scores.end(), row.begin(), row.end());
  }
  return scores;
}

std::vector<float> found(const PackedModel& packed, std::span<const float> images,
                         const Executor& executor) {
  const deploy::Scores scores = packed.run(images, executor);
  return {scores.values().begin(), scores.values().end()};
}

}  // namespace

TEST_CASE("a packed model computes what its ops mean") {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    INFO("seed " << seed);
    ModelDraw draw(seed);
    const Model model = draw.model();
    const PackedModel packed(model);
    const int64_t count = 1 + static_cast<int64_t>(seed % 3);
    const std::vector<float> images = draw.images(model, count);
    for (const auto& step : packed.steps()) {
      UNSCOPED_INFO(step.op << ", " << step.kernel << " -> " << step.height << " x " << step.width
                            << " x " << step.channels << " " << step.form);
    }
    REQUIRE(found(packed, images, {}) == expected(model, images, count));
  }
}

TEST_CASE("scores depend neither on the executor nor on the batch") {
  for (uint64_t seed = 1000; seed < 1040; ++seed) {
    INFO("seed " << seed);
    ModelDraw draw(seed);
    const Model model = draw.model();
    const PackedModel packed(model);
    const std::vector<float> images = draw.images(model, 19);
    const std::vector<float> serial = found(packed, images, {});
    for (const int threads : {2, 16}) {
      REQUIRE(found(packed, images, {.for_each = for_each_on_two, .threads = threads}) == serial);
    }
    const auto size = static_cast<size_t>(packed.image_size());
    const auto classes = static_cast<size_t>(packed.classes());
    for (size_t n = 0; n < 19; ++n) {
      const auto one = found(packed, std::span(images).subspan(n * size, size), {});
      REQUIRE(
          std::equal(one.begin(), one.end(), serial.begin() + static_cast<int64_t>(n * classes)));
    }
  }
}

TEST_CASE("numbers of floats that do not fit are refused") {
  ModelDraw draw(3);
  const Model model = draw.model();
  const PackedModel packed(model);
  std::vector<float> scores(static_cast<size_t>(packed.classes()));
  std::vector<float> images(static_cast<size_t>(packed.image_size()) + 1);
  REQUIRE_THROWS_AS(packed.run(std::span<const float>(images), scores), ShapeError);
  images.pop_back();
  packed.run(std::span<const float>(images), scores);
  scores.push_back(0);
  REQUIRE_THROWS_AS(packed.run(std::span<const float>(images), scores), ShapeError);
}
