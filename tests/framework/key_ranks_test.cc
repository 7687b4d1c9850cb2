// Order statistics against a sort.

#include "fracbit/framework/key_ranks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fracbit/framework/parallel.h"
#include "fracbit/framework/random.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

constexpr uint64_t kSeed = 23;

void check(const std::vector<real>& x, real centre) {
  std::vector<real> sorted;
  for (real v : x) sorted.push_back(std::abs(std::abs(v) - centre));
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<int64_t>(x.size());
  std::vector<int64_t> positions = {0, n / 3, n / 3 + 1, n * 7 / 10, n * 9 / 10, n - 1};
  for (int64_t& position : positions) position = std::min(position, n - 1);
  const auto ranks = key_ranks(x, centre, positions);
  REQUIRE(ranks.size() == positions.size());
  for (size_t i = 0; i < ranks.size(); ++i) {
    const real key = sorted[static_cast<size_t>(positions[i])];
    const auto equal = std::equal_range(sorted.begin(), sorted.end(), key);
    CAPTURE(n, positions[i]);
    CHECK(ranks[i].key == key);
    CHECK(ranks[i].below == equal.first - sorted.begin());
    CHECK(ranks[i].equal == equal.second - equal.first);
  }
}

/// Values of n elements from a random number each.
template <typename Value>
std::vector<real> drawn(int64_t n, const Value& value) {
  const Random random(kSeed, 1, 0, Purpose::synthetic_data);
  std::vector<real> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<real>(value(random.normal(i), i)));
  return x;
}

TEST_CASE("ranks of keys are those of a sort") {
  INFO("seed " << kSeed);
  for (const int64_t n : {1, 2, 100, 8191, 8192, 8193, 50000, 300001}) {
    check(drawn(n, [](double v, int64_t) { return v; }), static_cast<real>(0.8));
    check(drawn(n, [](double v, int64_t) { return v; }), 0);
    check(drawn(n, [](double v, int64_t) { return std::round(4 * v) / 4; }), 1);
    check(drawn(n, [](double, int64_t) { return 0.5; }), 0);
    // What a sample cannot foresee: all of the largest in one place, or a range in the gaps.
    check(drawn(n, [n](double v, int64_t i) { return i < n / 4 ? 100 + v : v; }), 0);
    check(drawn(n, [](double v, int64_t i) { return i % 1024 < 600 ? v : 1e-3 * v; }), 0);
    check(drawn(n, [](double v, int64_t) { return 1e-42 * v; }), 0);
  }
}

TEST_CASE("ranks of keys do not depend on the number of threads") {
  const auto x = drawn(100000, [](double v, int64_t) { return v; });
  const std::vector<int64_t> positions = {69999, 70000, 90000};
  const auto one = [&](int count) {
    set_threads(count);
    const auto ranks = key_ranks(x, static_cast<real>(0.8), positions);
    set_threads(0);
    std::vector<real> keys;
    for (const KeyRank& rank : ranks) keys.push_back(rank.key);
    return keys;
  };
  CHECK(one(1) == one(3));
}

TEST_CASE("keys that are not finite come last, NaN after infinities") {
  constexpr real kInfinity = std::numeric_limits<real>::infinity();
  constexpr real kNan = std::numeric_limits<real>::quiet_NaN();
  for (const int64_t n : {10, 20000}) {
    auto x = drawn(n, [](double v, int64_t) { return v; });
    x[0] = kNan;
    x[static_cast<size_t>(n) / 2] = -kInfinity;
    const auto ranks = key_ranks(x, 0, std::vector<int64_t>{n - 3, n - 2, n - 1});
    CHECK(std::isfinite(ranks[0].key));
    CHECK(ranks[1].key == kInfinity);
    CHECK(std::isnan(ranks[2].key));
    CHECK(ranks[2].below == n - 1);
  }
  CHECK(key_ranks({}, 0, {}).empty());
}

}  // namespace
