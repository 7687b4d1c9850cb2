#include "fracbit/data/batch_maker.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

void require_range(const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    throw ConfigError("[data_loader] expects " + std::string(what) + " from " +
                      std::to_string(low) + " to " + std::to_string(high) + ", got " +
                      std::to_string(value));
  }
}

// Fisher-Yates, with one draw per element: a permutation of 0 .. count - 1 from (seed, epoch).
void shuffle(std::vector<int64_t>& order, int64_t count, uint64_t seed, int64_t epoch) {
  order.resize(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  RandomStream random(seed, 0, static_cast<uint64_t>(epoch), Purpose::shuffle);
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(random.below(i + 1))]);
  }
}

}  // namespace

BatchMaker::BatchMaker(std::shared_ptr<const Dataset> dataset, LoaderOptions options)
    : dataset_(std::move(dataset)), options_(std::move(options)) {
  constexpr int64_t kMaxBatch = int64_t{1} << 24;
  require_range("a batch size", options_.batch, 1, kMaxBatch);
  require_range("a number of workers", options_.workers, 0, 64);
  require_range("a prefetch", options_.prefetch, 1, 1024);
  const int64_t size = dataset_->size();
  const int64_t rounding = options_.drop_last ? 0 : options_.batch - 1;
  batches_ = (size + rounding) / options_.batch;
  if (batches_ == 0) {
    throw ConfigError("[data_loader] expects at least one full batch, got " + std::to_string(size) +
                      " samples for batches of " + std::to_string(options_.batch));
  }
  set_epoch(0);
}

int64_t BatchMaker::samples() const {
  return std::min(dataset_->size(), batches_ * options_.batch);
}

void BatchMaker::set_epoch(int64_t epoch) {
  epoch_ = epoch;
  if (options_.shuffle) shuffle(order_, dataset_->size(), options_.seed, epoch);
}

int64_t BatchMaker::sample_number(int64_t position) const {
  return order_.empty() ? position : order_[static_cast<size_t>(position)];
}

void BatchMaker::make(int64_t b, Batch& batch, Sample& sample) const {
  const int64_t first = b * options_.batch;
  const int64_t count = std::min(options_.batch, dataset_->size() - first);
  const Shape& image = dataset_->image_shape();
  const Shape shape{count, image[0], image[1], image[2]};
  if (batch.images.shape() != shape) batch.images = Tensor::uninitialized(shape);
  batch.labels.resize(static_cast<size_t>(count));
  for (int64_t k = 0; k < count; ++k) {
    const int64_t number = sample_number(first + k);
    dataset_->get(number, sample);
    if (options_.transform) {
      RandomStream random(options_.seed, static_cast<uint32_t>(epoch_),
                          static_cast<uint64_t>(number), Purpose::augment);
      options_.transform(sample.image, random);
    }
    if (sample.image.shape() != image) {
      throw ShapeError("[data_loader] expects images " + to_string(image) + " of " +
                       dataset_->name() + " after the transform, got " +
                       to_string(sample.image.shape()));
    }
    std::copy_n(sample.image.data(), image.size(), batch.images.data() + k * image.size());
    batch.labels[static_cast<size_t>(k)] = sample.label;
  }
  if (options_.normalize) {
    normalize_channels(batch.images, dataset_->mean(), dataset_->deviation());
  }
}

}  // namespace fracbit::data
