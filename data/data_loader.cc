#include "fracbit/data/data_loader.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fracbit/data/batch_maker.h"
#include "fracbit/framework/error.h"

namespace fracbit::data {

/// A ring of prepared batches between the workers, who claim batch numbers in order, and the
/// consumer, who takes them in order. Batch b waits in slot b % slots.
class DataLoader::Pipeline {
 public:
  Pipeline(std::shared_ptr<const Dataset> dataset, LoaderOptions options)
      : maker_(std::move(dataset), std::move(options)),
        slots_(static_cast<size_t>(maker_.options().prefetch)) {}

  ~Pipeline() { stop(); }

  const BatchMaker& maker() const { return maker_; }

  void start(int64_t epoch, int64_t first_batch) {
    std::unique_lock lock(mutex_);
    next_to_make_ = maker_.batches();
    idle_.wait(lock, [&] { return busy_ == 0; });
    maker_.set_epoch(epoch);
    for (Slot& slot : slots_) slot.ready = false;
    next_to_take_ = first_batch;
    next_to_make_ = first_batch;
    work_.notify_all();
  }

  bool next(Batch& batch) {
    if (next_to_take_ == maker_.batches()) return false;
    if (maker_.options().workers == 0) {
      maker_.make(next_to_take_++, batch, sample_);
      return true;
    }
    if (workers_.empty()) hire();
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(next_to_take_);
    ready_.wait(lock, [&] { return slot.ready; });
    slot.ready = false;
    std::swap(batch, slot.batch);
    const std::exception_ptr error = std::exchange(slot.error, nullptr);
    ++next_to_take_;
    work_.notify_all();
    lock.unlock();
    if (error) std::rethrow_exception(error);
    return true;
  }

 private:
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };

  Slot& slot_of(int64_t b) { return slots_[static_cast<size_t>(b) % slots_.size()]; }

  void hire() {
    for (int i = 0; i < maker_.options().workers; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  bool may_claim() const {
    return next_to_make_ < maker_.batches() &&
           next_to_make_ < next_to_take_ + static_cast<int64_t>(slots_.size());
  }

  void work() {
    Sample sample;
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [&] { return stopping_ || may_claim(); });
      if (stopping_) return;
      const int64_t b = next_to_make_++;
      ++busy_;
      lock.unlock();
      Slot& slot = slot_of(b);
      fill(b, slot, sample);
      lock.lock();
      slot.ready = true;
      --busy_;
      ready_.notify_one();
      if (busy_ == 0) idle_.notify_one();
    }
  }

  void fill(int64_t b, Slot& slot, Sample& sample) const {
    try {
      slot.error = nullptr;
      maker_.make(b, slot.batch, sample);
    } catch (...) {
      slot.error = std::current_exception();
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      work_.notify_all();
    }
    for (std::thread& worker : workers_) worker.join();
  }

  BatchMaker maker_;
  std::vector<Slot> slots_;
  std::vector<std::thread> workers_;
  Sample sample_;
  std::mutex mutex_;
  std::condition_variable work_;   // to workers: a batch may be claimed, or stop
  std::condition_variable ready_;  // to the consumer: a slot is ready
  std::condition_variable idle_;   // to start(): nobody works on the old epoch
  int64_t next_to_make_ = 0;
  int64_t next_to_take_ = 0;
  int busy_ = 0;
  bool stopping_ = false;
};

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, LoaderOptions options)
    : pipeline_(std::make_unique<Pipeline>(std::move(dataset), std::move(options))) {}

DataLoader::~DataLoader() = default;

int64_t DataLoader::batches() const {
  return pipeline_->maker().batches();
}

int64_t DataLoader::samples() const {
  return pipeline_->maker().samples();
}

void DataLoader::start(int64_t epoch, int64_t first_batch) {
  if (epoch < 0 || first_batch < 0 || first_batch > batches()) {
    throw ConfigError("[data_loader] expects an epoch from 0 and a batch from 0 to " +
                      std::to_string(batches()) + ", got epoch " + std::to_string(epoch) +
                      ", batch " + std::to_string(first_batch));
  }
  pipeline_->start(epoch, first_batch);
}

bool DataLoader::next(Batch& batch) {
  return pipeline_->next(batch);
}

const Dataset& DataLoader::dataset() const {
  return pipeline_->maker().dataset();
}

}  // namespace fracbit::data
