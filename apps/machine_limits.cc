#include "fracbit/apps/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

#include "fracbit/apps/tile_operands.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::apps {
namespace {

double least_seconds(int rounds, const std::function<void()>& body) {
  double least = 1e30;
  body();
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    least = std::min(least, taken.count());
  }
  return least;
}

double macs_per_second() {
  constexpr int kRounds = 20;
  constexpr int64_t kRepeats = 2000;
  std::vector<TileOperands> operands;
  operands.reserve(static_cast<size_t>(threads()));
  for (int t = 0; t < threads(); ++t) operands.emplace_back(active_isa());
  const double seconds = least_seconds(kRounds, [&] {
    parallel_for(threads(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        for (int64_t i = 0; i < kRepeats; ++i) operands[static_cast<size_t>(t)].run();
      }
    });
  });
  return operands[0].macs() * static_cast<double>(kRepeats * threads()) / seconds;
}

double bytes_per_second() {
  constexpr int kRounds = 8;
  constexpr int64_t kBytes = int64_t{64} << 20;  // more than caches hold
  const std::vector<char> from(static_cast<size_t>(kBytes), 1);
  std::vector<char> to(static_cast<size_t>(kBytes));
  const double seconds = least_seconds(kRounds, [&] {
    parallel_for(kBytes, int64_t{1} << 20, [&](int64_t begin, int64_t end) {
      std::memcpy(to.data() + begin, from.data() + begin, static_cast<size_t>(end - begin));
    });
  });
  return 2 * static_cast<double>(kBytes) / seconds;
}

}  // namespace

Limits measure_limits() {
  return {macs_per_second(), bytes_per_second()};
}

}  // namespace fracbit::apps
