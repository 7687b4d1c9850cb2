// Residual codes of reals on every instruction set against plain loops.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "norm_case.h"

namespace {

using namespace fracbit;
using namespace fracbit::testing::norm_case;
using fracbit::testing::BitDraw;
using fracbit::testing::cases;

/// A code with scales, cuts and reals of few values, so that keys meet cuts and residuals zero.
struct TermCase {
  explicit TermCase(BitDraw& draw)
      : terms(static_cast<int>(draw.between(1, 8))),
        centre(eighths(draw, 0, 8)),
        negative(draw.below(4) == 0) {
    for (int n = 0; n < terms; ++n) {
      mu.push_back(eighths(draw, 0, 8));
      level.push_back(static_cast<real>(draw.between(0, 127 / terms)));
      if (n > 0) cut.push_back(draw.below(8) == 0 ? -kEnd : eighths(draw, -8, 8));
    }
    std::sort(cut.begin(), cut.end());
    if (terms > 1 && draw.below(8) == 0) cut.back() = kEnd;
    const int64_t n = draw.between(1, 200);
    const bool own_keys = draw.below(3) == 0;
    for (int64_t i = 0; i < n; ++i) {
      if (own_keys) key.push_back(eighths(draw, -8, 8));
      y.push_back(draw.below(20) == 0 ? real{-0.0} : eighths(draw, -20, 20));
    }
  }
  static real eighths(BitDraw& draw, int64_t low, int64_t high) {
    return static_cast<real>(draw.between(low, high)) / 8;
  }
  norm::TermCode code() const {
    return {terms,  mu.data(), cut.data(), level.data(), key.empty() ? nullptr : key.data(),
            centre, negative};
  }
  real key_of(size_t i) const {
    if (!key.empty()) return key[i];
    return negative ? -std::abs(y[i]) : std::abs(std::abs(y[i]) - centre);
  }

  int terms;
  real centre;
  bool negative;
  std::vector<real> mu, cut, level, key, y;
};

/// What the contract says of one number.
struct Coded {
  Coded(const TermCase& made, size_t i) {
    const real key = made.key_of(i);
    real e = made.y[i];
    for (int n = 0; n < made.terms; ++n) {
      const auto at = static_cast<size_t>(n);
      const bool plus = e >= 0, has = n == 0 || key > made.cut[at - 1];
      e = e - (plus ? made.mu[at] : -made.mu[at]);
      if (has) level += static_cast<int>(made.level[at]) * (plus ? 1 : -1);
      signs.push_back(has && plus);
      masks.push_back(has);
    }
  }
  int level = 0;
  std::vector<bool> signs, masks;
};

TEST_CASE("terms of reals follow the contract") {
  BitDraw draw(kSeed);
  for (int round = 0; round < cases(2400); ++round) {
    CAPTURE(kSeed, round);
    const TermCase made(draw);
    const auto n = static_cast<int64_t>(made.y.size());
    const size_t words = static_cast<size_t>(n + 63) / 64;
    std::vector<uint8_t> bytes;
    std::vector<int16_t> numbers;
    std::vector<uint64_t> planes(words * static_cast<size_t>(2 * made.terms - 1));
    for (size_t i = 0; i < made.y.size(); ++i) {
      const Coded coded(made, i);
      bytes.push_back(static_cast<uint8_t>(coded.level + 128));
      numbers.push_back(static_cast<int16_t>(coded.level));
      for (size_t t = 0; t < coded.signs.size(); ++t) {
        const size_t sign = t == 0 ? 0 : 2 * t - 1;
        planes[sign * words + i / 64] |= uint64_t{coded.signs[t]} << (i % 64);
        if (t > 0) planes[(sign + 1) * words + i / 64] |= uint64_t{coded.masks[t]} << (i % 64);
      }
    }
    for (const Isa isa : supported_isas()) {
      const norm::Kernels& kernels = norm::find(std::string(isa_name(isa)).c_str());
      CAPTURE(kernels.name);
      // One more than there are, which stays.
      std::vector<uint8_t> found_bytes(bytes.size() + 1, 0x55);
      std::vector<int16_t> found_numbers(bytes.size() + 1, 0x55);
      std::vector<uint64_t> found_planes(planes.size() + 1, 0x55);
      kernels.term_bytes(made.y.data(), n, made.code(), found_bytes.data());
      kernels.term_words(made.y.data(), n, made.code(), found_numbers.data());
      kernels.term_planes(made.y.data(), n, made.code(), found_planes.data());
      const bool stays =
          found_bytes.back() == 0x55 && found_numbers.back() == 0x55 && found_planes.back() == 0x55;
      found_bytes.pop_back();
      found_numbers.pop_back();
      found_planes.pop_back();
      const bool equal = found_bytes == bytes && found_numbers == numbers && found_planes == planes;
      REQUIRE((equal && stays));
    }
  }
}

TEST_CASE("signs of ordered channels are those of their terms") {
  BitDraw draw(kSeed + 1);
  for (int round = 0; round < cases(2400); ++round) {
    CAPTURE(kSeed, round);
    const TermCase made(draw);
    const size_t channels = made.y.size();
    std::vector<int32_t> order;
    for (size_t c = 0; c < channels; ++c) {
      order.insert(order.begin() + draw.between(0, static_cast<int64_t>(c)),
                   static_cast<int32_t>(c));
    }
    std::vector<int64_t> counts = {static_cast<int64_t>(channels)};
    for (int n = 1; n < made.terms; ++n) counts.push_back(draw.between(0, counts.back()));
    std::vector<uint64_t> expected;
    for (int n = 0; n < made.terms; ++n) {
      const size_t first = expected.size(), t = static_cast<size_t>(n);
      expected.resize(first + static_cast<size_t>((counts[t] + 63) / 64));
      for (int64_t c = 0; c < counts[t]; ++c) {
        real e = made.y[static_cast<size_t>(order[static_cast<size_t>(c)])];
        for (size_t m = 0; m < t; ++m) e = e - (e >= 0 ? made.mu[m] : -made.mu[m]);
        expected[first + static_cast<size_t>(c / 64)] |= uint64_t{e >= 0} << (c % 64);
      }
    }
    for (const Isa isa : supported_isas()) {
      const norm::Kernels& kernels = norm::find(std::string(isa_name(isa)).c_str());
      CAPTURE(kernels.name);
      std::vector<uint64_t> found(expected.size() + 1, 0x55);
      kernels.channel_signs(
          made.y.data(), {made.terms, made.mu.data(), order.data(), counts.data()}, found.data());
      REQUIRE(found.back() == 0x55);
      found.pop_back();
      REQUIRE(found == expected);
    }
  }
}

}  // namespace
