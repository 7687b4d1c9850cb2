#pragma once

#include <atomic>
#include <thread>

namespace fracbit {

/// A lock for sections of some dozen instructions: a thread that finds it taken looks again, since
/// to be put to sleep and woken takes a hundred times as long. After a while it lets others run,
/// should the owner have lost its core. Use with std::lock_guard.
class SpinLock {
 public:
  void lock() {
    while (taken_.exchange(true, std::memory_order_acquire)) {
      for (int looks = 0; taken_.load(std::memory_order_relaxed); ++looks) {
        if (looks < kLooks) {
          pause();
        } else {
          std::this_thread::yield();
        }
      }
    }
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  /// Leaves the core to its other thread for a moment.
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  static constexpr int kLooks = 200;
  std::atomic<bool> taken_{false};
};

}  // namespace fracbit
