#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

namespace fracbit::deploy {

/// How a model spreads its work over threads: by default not at all.
struct Executor {
  /// Calls task(data, i) once for each i of [0, count), in any order, on any threads, and returns
  /// when all calls have. `task` does not throw. Null: a loop.
  void (*for_each)(void* context, int64_t count, void (*task)(void* data, int64_t i),
                   void* data) = nullptr;
  void* context = nullptr;  ///< handed to for_each
  int threads = 1;          ///< how many calls may run at once; results never depend on it

  /// Calls body(i) for each i of [0, count); rethrows the first exception of a body.
  template <typename Body>
  void run(int64_t count, const Body& body) const {
    if (for_each == nullptr || count < 2) {
      for (int64_t i = 0; i < count; ++i) body(i);
      return;
    }
    struct Shared {
      const Body& body;
      std::atomic_flag failed = ATOMIC_FLAG_INIT;
      std::exception_ptr error = nullptr;
    } shared{body};
    const auto task = [](void* data, int64_t i) {
      auto& all = *static_cast<Shared*>(data);
      try {
        all.body(i);
      } catch (...) {
        if (!all.failed.test_and_set()) all.error = std::current_exception();
      }
    };
    for_each(context, count, task, &shared);
    if (shared.error) std::rethrow_exception(shared.error);
  }
};

}  // namespace fracbit::deploy
