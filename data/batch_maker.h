#pragma once

#include <memory>
#include <vector>

#include "fracbit/data/data_loader.h"

namespace fracbit::data {

/// The pure part of a loader: which samples batch b of an epoch holds, and how they are made.
class BatchMaker {
 public:
  /// Throws ConfigError for options out of range.
  BatchMaker(std::shared_ptr<const Dataset> dataset, LoaderOptions options);

  const Dataset& dataset() const { return *dataset_; }
  const LoaderOptions& options() const { return options_; }
  int64_t batches() const { return batches_; }
  int64_t samples() const;

  /// Chooses the epoch. Not to be called while make() runs.
  void set_epoch(int64_t epoch);
  /// Batch b of the epoch, into buffers that are reused; `sample` is scratch. Thread-safe.
  void make(int64_t b, Batch& batch, Sample& sample) const;

 private:
  int64_t sample_number(int64_t position) const;

  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  int64_t batches_ = 0;
  int64_t epoch_ = 0;
  std::vector<int64_t> order_;  // empty: as they are
};

}  // namespace fracbit::data
