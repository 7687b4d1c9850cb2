#include "fracbit/quantize/deploy/fold.h"

#include <bit>
#include <cmath>
#include <limits>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/round.h"

namespace fracbit::deploy {
namespace {

constexpr int kMostBits = 4;

/// Exact sums D in their order.
struct Integers {
  int64_t last;  ///< the largest
  float number(int64_t place) const { return static_cast<float>(place); }
  int32_t threshold(int64_t place) const { return static_cast<int32_t>(place); }
};

/// Finite floats in their order: place 0 is 0, place i the i-th float above it.
struct Floats {
  int64_t last = std::bit_cast<int32_t>(std::numeric_limits<float>::max());
  float number(int64_t place) const {
    const auto size = std::bit_cast<float>(static_cast<int32_t>(std::abs(place)));
    return place < 0 ? -size : size;
  }
  float threshold(int64_t place) const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return place >= last ? kInfinity : place < -last ? -kInfinity : number(place);
  }
};

/// The last place of [-last - 1, last] at which `reached` is false; it is monotone, and counts as
/// false before the first place.
template <typename Reached>
int64_t last_below(int64_t last, const Reached& reached) {
  int64_t low = -last - 1;
  int64_t high = last + 1;
  while (low + 1 < high) {
    const int64_t middle = low + (high - low) / 2;
    (reached(middle) ? high : low) = middle;
  }
  return low;
}

/// Calls above(j, place) and, for cabs, below(j, place) for one filter; its y rises with D'.
template <typename Order, typename Above, typename Below>
void find(const Output& output, const Order& order, float slope, float offset, const Above& above,
          const Below& below) {
  const float rise = std::abs(slope);
  const auto y = [&](int64_t place) { return order.number(place) * rise + offset; };
  if (output.form == Form::signs) {
    return above(0, last_below(order.last, [&](int64_t at) { return y(at) >= 0; }));
  }
  const int32_t top = quantize::top_code(output.bits);
  const auto n = static_cast<float>(top);
  for (int32_t code = 1; code <= top; ++code) {
    const auto reaches = [&](float value) { return quantize::round_to_code(n * value, n) >= code; };
    above(code - 1, last_below(order.last, [&](int64_t at) { return reaches(y(at)); }));
    // |y| reaches the code below zero as -y does, which rises with -D'.
    below(code - 1, last_below(order.last, [&](int64_t at) { return reaches(-y(-at)); }));
  }
}

}  // namespace

bool folds(const Output& output) {
  return output.form == Form::signs || (output.form == Form::codes && output.bits <= kMostBits);
}

Thresholds fold(const Output& output, std::span<const float> slope, std::span<const float> offset,
                int64_t largest) {
  if (!folds(output)) throw ConfigError("[fold] expects codes of at most 4 bits, or signs");
  const bool two_sided = output.form == Form::codes && output.activation == Activation::cabs;
  Thresholds t;
  t.count = quantize::top_code(output.bits);
  const auto count = static_cast<size_t>(t.count);
  const auto find_all = [&](const auto& order, auto& above, auto& below) {
    above.resize(slope.size() * count);
    if (two_sided) below.resize(slope.size() * count);
    for (size_t f = 0; f < slope.size(); ++f) {
      t.descending.push_back(slope[f] < 0 ? 1 : 0);
      const auto at = [&](int j) { return f * count + static_cast<size_t>(j); };
      find(
          output, order, slope[f], offset[f],
          [&](int j, int64_t place) { above[at(j)] = order.threshold(place); },
          [&](int j, int64_t place) {
            if (two_sided) below[at(j)] = -order.threshold(place);
          });
    }
  };
  if (largest > 0) {
    find_all(Integers{largest}, t.above, t.below);
  } else {
    find_all(Floats{}, t.above_real, t.below_real);
  }
  return t;
}

}  // namespace fracbit::deploy
