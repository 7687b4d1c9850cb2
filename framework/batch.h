#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit {

/// Images [N, H, W, C] and their N class numbers. A regular value.
struct Batch {
  Tensor images;
  std::vector<int32_t> labels;
};

/// A source of batches, epoch by epoch. The content of batch b of epoch e is a pure function of
/// (source, e, b), so that a run resumed in the middle of an epoch sees what it would have seen.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Batches per epoch.
  virtual int64_t batches() const = 0;
  /// Samples per epoch.
  virtual int64_t samples() const = 0;
  /// Positions the source before batch `first_batch` of `epoch` (both from 0).
  virtual void start(int64_t epoch, int64_t first_batch = 0) = 0;
  /// The next batch, into buffers that are reused; false at the end of the epoch. Throws FileError.
  virtual bool next(Batch& batch) = 0;
};

}  // namespace fracbit
