#include "fracbit/framework/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/spin_lock.h"

namespace fracbit {
namespace {

std::atomic<int> thread_count{0};

/// Keeps the first exception of a parallel region; nothing is thrown across it.
class FirstError {
 public:
  template <typename Body>
  void run(const Body& body) noexcept {
    if (seen_.load(std::memory_order_relaxed)) return;
    try {
      body();
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      seen_.store(true, std::memory_order_relaxed);
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::atomic<bool> seen_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// The blocks of one thread that nobody has taken yet: [first, last).
class alignas(64) Share {
 public:
  void set(int64_t first, int64_t last) {
    first_ = first;
    last_ = last;
  }
  /// The next block, -1 if none is left. Their owner takes them in order, others from the end.
  int64_t take(bool owner) {
    std::lock_guard lock(lock_);
    if (first_ == last_) return -1;
    return owner ? first_++ : --last_;
  }

 private:
  SpinLock lock_;
  int64_t first_ = 0, last_ = 0;
};

/// Blocks in equal contiguous shares. A thread does its own share, then what is left of others':
/// most of what an op reads is then in the cache of the core that the op before wrote it from.
class Shares {
 public:
  Shares(int64_t blocks, int team) : shares_(static_cast<size_t>(team)) {
    for (int64_t t = 0; t < team; ++t) {
      shares_[static_cast<size_t>(t)].set(blocks * t / team, blocks * (t + 1) / team);
    }
  }
  template <typename Body>
  void run(int thread, const Body& body) {
    const int team = static_cast<int>(shares_.size());
    for (int i = 0; i < team; ++i) {
      Share& share = shares_[static_cast<size_t>((thread + i) % team)];
      for (int64_t b = share.take(i == 0); b >= 0; b = share.take(i == 0)) body(b);
    }
  }

 private:
  std::vector<Share> shares_;
};

}  // namespace

int threads() {
  const int count = thread_count.load(std::memory_order_relaxed);
  return count > 0 ? count : std::max(1, omp_get_num_procs());
}

void set_threads(int count) {
  if (count < 0 || count > 1024) {
    throw ConfigError("threads: expected 1 to 1024 (or 0 for all processors), got " +
                      std::to_string(count));
  }
  thread_count.store(count, std::memory_order_relaxed);
}

void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(1, grain);
  const int64_t blocks = (n + grain - 1) / grain;
  const int team = static_cast<int>(std::min<int64_t>(threads(), blocks));
  if (team == 1 || omp_in_parallel()) {
    for (int64_t b = 0; b < blocks; ++b) body(b * grain, std::min(n, (b + 1) * grain));
    return;
  }
  FirstError error;
  Shares shares(blocks, team);
  const auto block = [&](int64_t b) {
    error.run([&] { body(b * grain, std::min(n, (b + 1) * grain)); });
  };
#pragma omp parallel num_threads(team)
  shares.run(omp_get_thread_num(), block);
  error.rethrow();
}

double parallel_sum(int64_t n, int64_t grain,
                    const std::function<double(int64_t, int64_t)>& partial) {
  if (n <= 0) return 0;
  grain = std::max<int64_t>(1, grain);
  std::vector<double> partials(static_cast<size_t>((n + grain - 1) / grain));
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    partials[static_cast<size_t>(begin / grain)] = partial(begin, end);
  });
  tree_reduce(partials.data(), static_cast<int64_t>(partials.size()), 1);
  return partials[0];
}

void tree_reduce(double* rows, int64_t count, int64_t width) {
  for (int64_t stride = 1; stride < count; stride *= 2) {
    for (int64_t i = 0; i + stride < count; i += 2 * stride) {
      double* into = rows + i * width;
      const double* from = rows + (i + stride) * width;
      for (int64_t j = 0; j < width; ++j) into[j] += from[j];
    }
  }
}

}  // namespace fracbit
