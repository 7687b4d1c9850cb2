#pragma once

#include <cstdint>
#include <memory>

#include "fracbit/data/dataset.h"
#include "fracbit/data/transform.h"
#include "fracbit/framework/batch.h"

namespace fracbit::data {

/// How samples become batches.
struct LoaderOptions {
  int64_t batch = 128;
  bool shuffle = false;      ///< a new permutation per epoch, from (seed, epoch)
  bool drop_last = false;    ///< leave out a last batch that is not full
  uint64_t seed = 0;         ///< of the permutation and the transform
  int workers = 1;           ///< threads that prepare batches; 0: the thread that asks for them
  int prefetch = 4;          ///< most batches prepared ahead, by all workers together
  Transform transform = {};  ///< applied to each image before it is normalised
  bool normalize = true;     ///< (x - mean) / deviation of the data set, after the transform
};

/// Batches of a data set, prepared by worker threads in a fixed order.
///
/// Batch b of epoch e depends on (data set, seed, batch, shuffle, transform, e, b) alone: not on
/// workers, prefetch, or what was asked for before. Use it from one thread at a time.
class DataLoader : public BatchSource {
 public:
  /// Throws ConfigError unless batch >= 1, 0 <= workers <= 64, 1 <= prefetch <= 1024 and there is
  /// at least one batch.
  explicit DataLoader(std::shared_ptr<const Dataset> dataset, LoaderOptions options = {});
  ~DataLoader() override;

  int64_t batches() const override;
  int64_t samples() const override;
  /// Drops what was prepared and goes on before batch `first_batch` of `epoch`. Throws ConfigError
  /// unless epoch >= 0 and 0 <= first_batch <= batches().
  void start(int64_t epoch, int64_t first_batch = 0) override;
  /// The next batch; without a start(), the first of epoch 0. Its buffers go back to the loader at
  /// the next call. Rethrows what the data set or the transform threw for this batch; the call
  /// after that goes on behind it.
  bool next(Batch& batch) override;

  const Dataset& dataset() const;

 private:
  class Pipeline;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace fracbit::data
