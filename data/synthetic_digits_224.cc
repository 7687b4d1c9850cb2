#include <algorithm>
#include <utility>

#include "fracbit/data/data.h"

namespace fracbit::data::catalogue {

const Entry& synthetic_digits();

namespace {

constexpr int64_t kScale = 7;

/// Every pixel as a square of `kScale` x `kScale`.
class Enlarged : public Dataset {
 public:
  Enlarged(DatasetInfo info, std::shared_ptr<const Dataset> small)
      : Dataset(std::move(info)), small_(std::move(small)) {}

  int64_t size() const override { return small_->size(); }

  void get(int64_t i, Sample& sample) const override {
    Sample drawn;
    small_->get(i, drawn);
    sample.label = drawn.label;
    if (sample.image.shape() != image_shape()) sample.image = Tensor::uninitialized(image_shape());
    const int64_t channels = image_shape()[2];
    const int64_t row = image_shape()[1] * channels;
    const real* from = drawn.image.data();
    real* to = sample.image.data();
    for (int64_t y = 0; y < drawn.image.shape()[0]; ++y, to += kScale * row) {
      for (real* pixel = to; pixel < to + row; from += channels) {
        for (int64_t k = 0; k < kScale; ++k) pixel = std::copy_n(from, channels, pixel);
      }
      for (int64_t k = 1; k < kScale; ++k) std::copy_n(to, row, to + k * row);
    }
  }

 private:
  std::shared_ptr<const Dataset> small_;
};

std::shared_ptr<const Dataset> open(const Entry& self, const OpenOptions& options) {
  return std::make_shared<Enlarged>(self.info, data::open("synthetic-digits", options));
}

DatasetInfo enlarged_info() {
  DatasetInfo info = synthetic_digits().info;
  info.name = "synthetic-digits-224";
  info.image_shape = {kScale * info.image_shape[0], kScale * info.image_shape[1], 3};
  return info;
}

}  // namespace

const Entry& synthetic_digits_224() {
  static const Entry entry = {
      .name = "synthetic-digits-224",
      .summary = "synthetic-digits seven times as large, 224x224, for networks of large images",
      .source = "",
      .paper = "",
      .files = {},
      .folder = "",
      .info = enlarged_info(),
      .open = open};
  return entry;
}

}  // namespace fracbit::data::catalogue
