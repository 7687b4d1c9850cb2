#include "fracbit/data/memory_dataset.h"

#include "fracbit/framework/error.h"

namespace fracbit::data {

MemoryDataset::MemoryDataset(DatasetInfo info, std::vector<uint8_t> pixels,
                             std::vector<uint8_t> labels)
    : Dataset(std::move(info)), pixels_(std::move(pixels)), labels_(std::move(labels)) {
  const int64_t expected = static_cast<int64_t>(labels_.size()) * image_shape().size();
  if (static_cast<int64_t>(pixels_.size()) != expected) {
    throw ShapeError("[dataset] expects " + std::to_string(expected) + " bytes of pixels for " +
                     std::to_string(labels_.size()) + " images " + to_string(image_shape()) +
                     ", got " + std::to_string(pixels_.size()));
  }
}

void MemoryDataset::get(int64_t i, Sample& sample) const {
  require_index(i);
  if (sample.image.shape() != image_shape()) sample.image = Tensor::uninitialized(image_shape());
  const int64_t bytes = sample.image.size();
  const uint8_t* from = pixels_.data() + i * bytes;
  real* to = sample.image.data();
  for (int64_t k = 0; k < bytes; ++k) to[k] = static_cast<real>(from[k]) / 255;
  sample.label = labels_[static_cast<size_t>(i)];
}

}  // namespace fracbit::data
