#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/data/dataset.h"

namespace fracbit::data {

/// Samples held as bytes: `pixels` [N, H, W, C] in 0..255 and N labels.
class MemoryDataset : public Dataset {
 public:
  /// Throws ShapeError if pixels and labels do not fit the image shape.
  MemoryDataset(DatasetInfo info, std::vector<uint8_t> pixels, std::vector<uint8_t> labels);

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  /// Pixels divided by 255.
  void get(int64_t i, Sample& sample) const override;

 private:
  std::vector<uint8_t> pixels_;
  std::vector<uint8_t> labels_;
};

}  // namespace fracbit::data
