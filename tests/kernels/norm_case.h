#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "bit_draw.h"
#include "fracbit/framework/kernels/norm/training/training.h"
#include "support/cases.h"
#include "support/catch.h"

// Random data of the passes of a block, for tests of the forward ones and of those of training.
namespace fracbit::testing::norm_case {

namespace norm = fracbit::kernels::norm;

inline constexpr uint64_t kSeed = 31;

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

inline std::vector<real> reals(BitDraw& draw, int64_t size, real low, real high) {
  std::vector<real> made(static_cast<size_t>(size));
  for (real& v : made) {
    v = low + (high - low) * static_cast<real>(draw.below(1 << 20)) / static_cast<real>(1 << 20);
  }
  return made;
}

/// Numbers with ties, a few of them as large as they get.
template <typename T>
std::vector<T> numbers(BitDraw& draw, int64_t size) {
  std::vector<T> made(static_cast<size_t>(size));
  const int64_t most = draw.of<int64_t>({2, 30, 32767});
  const int64_t extreme = sizeof(T) == 2 ? 32767 : 1 << 24;
  for (T& v : made) {
    const int64_t whole =
        draw.below(50) == 0 ? draw.of<int64_t>({-extreme, extreme}) : draw.between(-most, most);
    v = static_cast<T>(whole);
  }
  return made;
}

/// One run over random numbers, with slopes of both signs and zeros.
template <typename T>
struct Case {
  Case(BitDraw& draw, int64_t channels, int64_t pixels, bool pool)
      : below(pool ? 2 * pixels * channels + draw.below(3) * channels : 0),
        d(numbers<T>(draw, pool ? below + 2 * pixels * channels : pixels * channels)),
        scale(reals(draw, (channels + 63) / 64 * 64, real{-0.1f}, real{0.1f})),
        shift(reals(draw, channels, -1, 1)),
        centre(reals(draw, channels, -3, 3)),
        a(reals(draw, channels, -2, 2)),
        b(reals(draw, channels, -1, 1)),
        c(reals(draw, channels, -1, 1)),
        dout(reals(draw, pixels * channels, -1, 1)),
        run{d.data(), below, pixels, channels} {
    for (real& s : scale) s = draw.below(8) == 0 ? draw.of<real>({0, real{-0.0}}) : s;
  }
  norm::Affine affine() const { return {scale.data(), shift.data()}; }
  norm::training::Coefficients coefficients() const { return {a.data(), b.data(), c.data()}; }
  size_t outputs() const { return dout.size(); }

  int64_t below;
  std::vector<T> d;
  std::vector<real> scale, shift, centre, a, b, c, dout;
  norm::Run<T> run;
};

inline constexpr real kEnd = std::numeric_limits<real>::infinity();
inline constexpr real kLeast = std::numeric_limits<real>::denorm_min();

inline const norm::Activation kActivations[] = {{false, -kEnd, kEnd, -kEnd, kEnd},
                                                {false, 0, kEnd, kLeast, kEnd},
                                                {false, 0, 1, 0, 1},
                                                {true, 0, 1, kLeast, 0.9999f},
                                                {false, -1, 1, -1, 1}};

inline constexpr int kRuns = 3;  // calls of for_runs by a test, at the least

/// Calls check(draw, case) for many shapes of one run, random ones among them where cases() asks
/// for more.
template <typename T, typename Check>
void for_runs(bool pool, uint64_t seed, Check check) {
  BitDraw draw(seed);
  for (const int64_t channels : {1, 24, 33, 64, 130, 300}) {
    for (const int64_t pixels : {1, 3, 6, 33}) {
      const Case<T> made(draw, channels, pixels, pool);
      CAPTURE(seed, channels, pixels, pool, sizeof(T));
      check(draw, made);
    }
  }
  for (int i = 24; i < cases(0) / kRuns; ++i) {
    const int64_t channels = draw.between(1, 140), pixels = draw.between(1, 5);
    const Case<T> made(draw, channels, pixels, pool);
    CAPTURE(seed, i, channels, pixels, pool, sizeof(T));
    check(draw, made);
  }
}

}  // namespace fracbit::testing::norm_case
