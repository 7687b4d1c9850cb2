// Thresholds against the float expression they stand for, for every D.

#include <array>
#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/framework/random.h"
#include "fracbit/quantize/deploy/fold.h"
#include "fracbit/quantize/round.h"
#include "support/catch.h"

namespace {

using namespace fracbit;
using deploy::Activation;
using deploy::Form;
using deploy::Output;
using deploy::Thresholds;

int32_t code_of(const Output& out, float y) {
  if (out.form == Form::signs) return y >= 0 ? 1 : 0;
  const auto n = static_cast<float>(quantize::top_code(out.bits));
  return quantize::round_to_code(n * (out.activation == Activation::cabs ? std::abs(y) : y), n);
}

template <typename T>
int32_t code_by(const Thresholds& t, const std::vector<T>& above, const std::vector<T>& below,
                size_t f, T d) {
  const T turned = t.descending[f] != 0 ? static_cast<T>(-d) : d;
  int32_t code = 0;
  for (size_t j = 0; j < static_cast<size_t>(t.count); ++j) {
    const size_t at = f * static_cast<size_t>(t.count) + j;
    code += turned > above[at] || (!below.empty() && turned < below[at]) ? 1 : 0;
  }
  return code;
}

std::vector<Output> outputs() {
  std::vector<Output> all{{.form = Form::signs, .bits = 1}};
  for (const int bits : {1, 2, 3, 4}) {
    for (const Activation h : {Activation::clip01, Activation::cabs}) {
      all.push_back({.form = Form::codes, .activation = h, .bits = bits});
    }
  }
  return all;
}

/// Slopes and offsets of every kind: both signs, zeros, tiny, huge, ties.
struct Norm {
  std::vector<float> slope, offset;

  explicit Norm(float deviation) {
    const Random random(5, 0, 0, Purpose::synthetic_data);
    for (int i = 0; i < 60; ++i) {
      slope.push_back(static_cast<float>(random.normal(2 * i)) / deviation);
      offset.push_back(static_cast<float>(random.normal(2 * i + 1)));
    }
    for (const float s : {0.0F, -0.0F, 1e-30F, -1e-30F, 1e30F, -1e30F, 0.25F, -0.25F}) {
      for (const float t : {0.0F, 0.5F, -0.5F, 1.0F, -1.0F, 1.0F / 6, 1e20F, -1e20F}) {
        slope.push_back(s);
        offset.push_back(t);
      }
    }
  }
};

}  // namespace

TEST_CASE("integer thresholds equal the float code for every sum") {
  constexpr int32_t kLargest = 700;
  const Norm norm(200);
  for (const Output& out : outputs()) {
    const Thresholds t = fold(out, norm.slope, norm.offset, kLargest);
    INFO("form " << static_cast<int>(out.form) << ", activation "
                 << static_cast<int>(out.activation) << ", bits " << out.bits);
    int64_t wrong = 0;
    for (size_t f = 0; f < norm.slope.size(); ++f) {
      for (int32_t d = -kLargest; d <= kLargest; ++d) {
        const float y = static_cast<float>(d) * norm.slope[f] + norm.offset[f];
        wrong += code_by(t, t.above, t.below, f, d) != code_of(out, y) ? 1 : 0;
      }
    }
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("real thresholds equal the float code around each of them") {
  const Norm norm(3);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Output& out : outputs()) {
    const Thresholds t = fold(out, norm.slope, norm.offset, 0);
    int64_t wrong = 0;
    for (size_t f = 0; f < norm.slope.size(); ++f) {
      std::vector<float> sums = {0, 1, -1, 1e-30F, 1e30F, -1e30F};
      for (const auto* reals : {&t.above_real, &t.below_real}) {
        for (size_t j = 0; j < static_cast<size_t>(t.count) && !reals->empty(); ++j) {
          const float at = (*reals)[f * static_cast<size_t>(t.count) + j];
          const float turned = t.descending[f] != 0 ? -at : at;
          if (!std::isfinite(turned)) continue;
          for (const float d :
               {turned, std::nextafter(turned, kInfinity), std::nextafter(turned, -kInfinity)}) {
            sums.push_back(d);
          }
        }
      }
      for (const float d : sums) {
        if (!std::isfinite(d)) continue;
        const float y = d * norm.slope[f] + norm.offset[f];
        wrong += code_by(t, t.above_real, t.below_real, f, d) != code_of(out, y) ? 1 : 0;
      }
    }
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("outputs without few codes do not fold") {
  const std::vector<float> one = {1};
  REQUIRE_THROWS_AS(deploy::fold(Output{}, one, one, 5), ConfigError);
  REQUIRE_THROWS_AS(
      deploy::fold({.form = Form::codes, .activation = Activation::clip01, .bits = 5}, one, one, 5),
      ConfigError);
}
