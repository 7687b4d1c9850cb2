#include "fracbit/data/dataset.h"

#include <algorithm>

#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

class Prefix : public Dataset {
 public:
  Prefix(std::shared_ptr<const Dataset> whole, int64_t count)
      : Dataset(whole->info()), whole_(std::move(whole)), count_(count) {}

  int64_t size() const override { return count_; }

  void get(int64_t i, Sample& sample) const override {
    require_index(i);
    whole_->get(i, sample);
  }

 private:
  std::shared_ptr<const Dataset> whole_;
  int64_t count_;
};

}  // namespace

void Dataset::require_index(int64_t i) const {
  if (i < 0 || i >= size()) {
    throw ConfigError("[dataset] expects a sample number from 0 to " + std::to_string(size() - 1) +
                      " of " + name() + ", got " + std::to_string(i));
  }
}

std::shared_ptr<const Dataset> take(std::shared_ptr<const Dataset> dataset, int64_t count) {
  if (count < 1) {
    throw ConfigError("[dataset] expects a limit of at least 1 sample, got " +
                      std::to_string(count));
  }
  if (count >= dataset->size()) return dataset;
  return std::make_shared<Prefix>(std::move(dataset), count);
}

}  // namespace fracbit::data
