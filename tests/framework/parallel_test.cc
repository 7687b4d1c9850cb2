#include "fracbit/framework/parallel.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "fracbit/framework/error.h"
#include "fracbit/framework/spin_lock.h"
#include "support/catch.h"

using namespace fracbit;

TEST_CASE("blocks cover the range once, whatever the number of threads") {
  for (int count : {1, 2, 3, 8}) {
    set_threads(count);
    std::vector<std::atomic<int>> hits(1003);
    parallel_for(1003, 10, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
    });
    for (const auto& hit : hits) REQUIRE(hit == 1);
  }
  set_threads(0);
}

TEST_CASE("what a busy thread leaves is done by the others") {
  set_threads(2);
  std::atomic<int> done = 0;
  bool all_others = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  // The first block ends when all others have: half of them are in its own thread's share.
  parallel_for(64, 1, [&](int64_t begin, int64_t) {
    while (begin == 0 && done < 63 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    if (begin == 0) all_others = done == 63;
    ++done;
  });
  CHECK(done == 64);
  CHECK(all_others);
  set_threads(0);
}

TEST_CASE("a sum has the same bits for any number of threads") {
  const auto sum = [](int count) {
    set_threads(count);
    return parallel_sum(100000, 37, [](int64_t begin, int64_t end) {
      double s = 0;
      for (int64_t i = begin; i < end; ++i) s += std::sin(static_cast<double>(i)) * 1e-3;
      return s;
    });
  };
  const double expected = sum(1);
  for (int count : {2, 3, 8}) CHECK(sum(count) == expected);
  set_threads(0);
}

TEST_CASE("an exception in a block reaches the caller") {
  set_threads(2);
  CHECK_THROWS_AS(parallel_for(100, 1,
                               [](int64_t begin, int64_t) {
                                 if (begin == 50) throw std::runtime_error("stop");
                               }),
                  std::runtime_error);
  set_threads(0);
  CHECK_THROWS_AS(set_threads(-1), ConfigError);
}

TEST_CASE("one thread at a time holds a spin lock, also where there are more than cores") {
  SpinLock lock;
  int64_t sum = 0;
  std::vector<std::thread> team;
  for (int t = 0; t < 8; ++t) {
    team.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        std::lock_guard hold(lock);
        ++sum;
      }
    });
  }
  for (std::thread& each : team) each.join();
  CHECK(sum == 160000);
}
