// Thresholds of blocks against the float expression, number by number.

#include "fracbit/framework/ops/norm_quantize/thresholds.h"

#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/framework/round.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using ops::BlockActivation;
using ops::CodeThresholds;

constexpr uint64_t kSeed = 99;

int32_t expected_code(real d, real s, real t, BlockActivation h, int32_t top) {
  const real y = d * s + t;
  const auto n = static_cast<real>(top);
  if (h == BlockActivation::sign) return y >= 0 ? 1 : 0;
  return round_to_code(n * (h == BlockActivation::cabs ? std::abs(y) : y), n);
}

template <typename T>
int32_t code_of(const CodeThresholds<T>& found, int64_t c, T d) {
  const T turned = found.scale[static_cast<size_t>(c)] < 0 ? static_cast<T>(-d) : d;
  int32_t code = 0;
  for (int64_t j = 0; j < found.top; ++j) {
    const auto at = static_cast<size_t>(j * found.stride + c);
    code += turned > found.above[at] || (!found.below.empty() && turned < found.below[at]) ? 1 : 0;
  }
  return code;
}

/// Slopes and offsets: usual ones, 0 of both signs, steep and flat ones, not a number.
void channels(std::vector<real>& s, std::vector<real>& t) {
  const Random random(kSeed, 0, 0, Purpose::synthetic_data);
  for (int64_t i = 0; i < 20; ++i) {
    s.push_back(static_cast<real>(std::exp(20 * (random.uniform(3 * i) - 0.7)) *
                                  (random.below(3 * i + 1, 2) == 0 ? 1 : -1)));
    t.push_back(static_cast<real>(random.uniform(3 * i + 2) * 2 - 0.5));
  }
  const real nan = std::numeric_limits<real>::quiet_NaN();
  const real slopes[] = {0, real{-0.0}, 0, 0, real{-0.0}, nan, 1, real{1e-30f}, 1};
  const real offsets[] = {0, 1, real{0.5}, -1, -2, 0, nan, real{0.25}, -40000};
  s.insert(s.end(), std::begin(slopes), std::end(slopes));
  t.insert(t.end(), std::begin(offsets), std::end(offsets));
}

template <typename Check>
void for_codes(Check check) {
  for (int bits = 1; bits <= 4; ++bits) {
    check(BlockActivation::clip01, bits);
    check(BlockActivation::cabs, bits);
  }
  check(BlockActivation::sign, 1);
}

TEST_CASE("thresholds of int16 give the code of every number") {
  std::vector<real> s, t;
  channels(s, t);
  for_codes([&](BlockActivation h, int bits) {
    CAPTURE(kSeed, static_cast<int>(h), bits);
    const auto found = ops::find_thresholds<int16_t>(s, t, h, bits);
    REQUIRE(found.top == top_code(bits));
    for (size_t c = 0; c < s.size(); ++c) {
      CAPTURE(s[c], t[c]);
      int64_t wrong = 0;
      for (int32_t d = -32767; d <= 32767; d += bits > 2 ? 7 : 1) {
        const auto number = static_cast<int16_t>(d);
        const int32_t expected = expected_code(static_cast<real>(d), s[c], t[c], h, found.top);
        wrong += code_of(found, static_cast<int64_t>(c), number) != expected ? 1 : 0;
      }
      REQUIRE(wrong == 0);
    }
  });
}

TEST_CASE("thresholds of int32 and of floats turn where the code does") {
  std::vector<real> s, t;
  channels(s, t);
  for_codes([&](BlockActivation h, int bits) {
    CAPTURE(kSeed, static_cast<int>(h), bits);
    const auto ints = ops::find_thresholds<int32_t>(s, t, h, bits);
    const auto reals = ops::find_thresholds<real>(s, t, h, bits);
    for (size_t c = 0; c < s.size(); ++c) {
      CAPTURE(s[c], t[c]);
      const auto channel = static_cast<int64_t>(c);
      const real sign = s[c] < 0 ? -1 : 1;
      for (int j = 0; j < ints.top; ++j) {
        const auto at = c + static_cast<size_t>(j * ints.stride);
        for (const int64_t off : {-1, 0, 1}) {
          const int64_t whole = int64_t{ints.above[at]} + off;
          if (std::abs(whole) > std::numeric_limits<int32_t>::max()) continue;
          const auto d = static_cast<int32_t>(s[c] < 0 ? -whole : whole);
          CHECK(code_of(ints, channel, d) ==
                expected_code(static_cast<real>(d), s[c], t[c], h, ints.top));
        }
        const real step = reals.above[at];
        for (const real up : {real{-1}, real{0}, real{1}}) {
          const real turned = up == 0 ? step : std::nextafter(step, up * 2 * std::abs(step) + up);
          if (!std::isfinite(turned)) continue;
          CHECK(code_of(reals, channel, sign * turned) ==
                expected_code(sign * turned, s[c], t[c], h, reals.top));
        }
      }
    }
  });
}

TEST_CASE("thresholds pad to whole words with channels that never count") {
  const std::vector<real> s{1}, t{1};
  const auto found = ops::find_thresholds<int16_t>(s, t, BlockActivation::cabs, 2);
  REQUIRE(found.stride == 64);
  for (int64_t c = 1; c < 64; ++c) REQUIRE(code_of<int16_t>(found, c, 0) == 0);
}

TEST_CASE("activations without codes have no thresholds") {
  const std::vector<real> s{1}, t{1};
  REQUIRE_THROWS_AS(ops::find_thresholds<int16_t>(s, t, BlockActivation::relu, 2), ConfigError);
  REQUIRE_THROWS_AS(ops::find_thresholds<int16_t>(s, t, BlockActivation::identity, 2), ConfigError);
}

}  // namespace
