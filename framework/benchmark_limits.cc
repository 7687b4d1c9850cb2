#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "fracbit/framework/benchmark.h"
#include "fracbit/framework/kernels/limits/limits.h"
#include "fracbit/framework/random.h"

namespace fracbit {
namespace {

namespace limits = kernels::limits;

/// Words of a buffer that a second-level cache holds twice, and of one that no cache holds.
constexpr int64_t kCached = int64_t{1} << 14;
constexpr int64_t kLarge = int64_t{1} << 23;

constexpr const char* kNames[kLimits] = {"fma",  "bits", "bytes",       "table",
                                         "read", "copy", "memory read", "memory copy"};

double loop_rate(const limits::Loop& loop, double min_seconds) {
  if (loop.run == nullptr) return 0;
  constexpr int64_t kRounds = 2000;
  const Random random(1, 0, 0, Purpose::synthetic_data);
  std::vector<uint64_t> data(static_cast<size_t>(limits::kWords)), sink(8);
  for (size_t i = 0; i < data.size(); ++i) {
    const auto at = static_cast<int64_t>(2 * i);
    data[i] = uint64_t{random.word(at)} << 32 | random.word(at + 1);
  }
  return measure_rate(loop.macs * kRounds, min_seconds,
                      [&] { loop.run(data.data(), kRounds, sink.data()); });
}

}  // namespace

std::string_view limit_name(Limit limit) {
  return kNames[static_cast<size_t>(limit)];
}

double measure_rate(double work, double min_seconds, const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  body();
  const auto start = Clock::now();
  double least = 1e30;
  // The best of some stretches: what runs beside us only ever makes a stretch longer.
  const double stretch = min_seconds / 5;
  do {
    int64_t calls = 0;
    const auto begin = Clock::now();
    Seconds taken{};
    do {
      body();
      ++calls;
      taken = Clock::now() - begin;
    } while (taken.count() < stretch);
    least = std::min(least, taken.count() / static_cast<double>(calls));
  } while (Seconds(Clock::now() - start).count() < min_seconds);
  return work / std::max(least, 1e-9) / 1e9;
}

MachineLimits machine_limits(Isa isa, double min_seconds) {
  MachineLimits found{std::string(isa_name(isa)), {}};
  const limits::Kernels* kernels = limits::find(found.isa.c_str());
  if (kernels == nullptr) return found;
  const auto set = [&](Limit limit, double giga) { found.giga[static_cast<size_t>(limit)] = giga; };
  set(Limit::fma, loop_rate(kernels->fma, min_seconds));
  set(Limit::bits, loop_rate(kernels->bits, min_seconds));
  set(Limit::bytes, loop_rate(kernels->bytes, min_seconds));
  set(Limit::table, loop_rate(kernels->table, min_seconds));
  const auto bytes = [](int64_t words) { return static_cast<double>(8 * words); };
  std::vector<uint64_t> from(static_cast<size_t>(kLarge), 1), to(from.size()), sink(8);
  for (const int64_t n : {kCached, kLarge}) {
    const bool cached = n == kCached;
    set(cached ? Limit::read : Limit::memory_read,
        measure_rate(bytes(n), min_seconds, [&] { kernels->read(from.data(), n, sink.data()); }));
    set(cached ? Limit::copy : Limit::memory_copy,
        measure_rate(2 * bytes(n), min_seconds, [&] { kernels->copy(from.data(), n, to.data()); }));
  }
  return found;
}

}  // namespace fracbit
