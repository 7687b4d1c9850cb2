#include "fracbit/framework/ops/norm_quantize/thresholds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"
#include "fracbit/framework/round.h"

namespace fracbit::ops {
namespace {

constexpr int64_t kChannelGrain = 64;

/// Numbers of type T in their order, as whole numbers: a symmetric range.
template <typename T>
struct Order {
  static constexpr int64_t kLast = std::numeric_limits<T>::max();
  static constexpr T kNever = std::numeric_limits<T>::max();
  static constexpr T kAlways = std::numeric_limits<T>::lowest();
  static T number(int64_t place) { return static_cast<T>(place); }
  static int64_t place(double near) {
    const auto last = static_cast<double>(kLast);
    return static_cast<int64_t>(std::clamp(near, -last, last));
  }
};

template <>
struct Order<real> {
  using Bits = std::conditional_t<sizeof(real) == 4, int32_t, int64_t>;
  static constexpr int64_t kLast = std::bit_cast<Bits>(std::numeric_limits<real>::max());
  static constexpr real kNever = std::numeric_limits<real>::infinity();
  static constexpr real kAlways = -std::numeric_limits<real>::infinity();
  static real number(int64_t place) {
    const real size = std::bit_cast<real>(static_cast<Bits>(std::abs(place)));
    return place < 0 ? -size : size;
  }
  static int64_t place(double near) {
    const auto most = static_cast<double>(std::numeric_limits<real>::max());
    const auto size = static_cast<real>(std::min(std::abs(near), most));
    const auto at = static_cast<int64_t>(std::bit_cast<Bits>(size));
    return near < 0 ? -at : at;
  }
};

/// The last place of [-last, last] where `reached` is still false, given that it turns from false
/// to true somewhere: outwards from a guess, then by halves. `reached` is monotone.
template <typename Reached>
int64_t last_below(int64_t last, int64_t guess, const Reached& reached) {
  constexpr int64_t kLongestStep = int64_t{1} << 40;
  int64_t low = -last;  // not reached
  int64_t high = last;  // reached
  int64_t at = std::clamp(guess, low, high);
  for (int64_t step = 1; step < kLongestStep && low < at && at < high; step *= 2) {
    const bool up = reached(at);
    (up ? high : low) = at;
    at += up ? -step : step;
  }
  while (low + 1 < high) {
    const int64_t middle = std::midpoint(low, high);
    (reached(middle) ? high : low) = middle;
  }
  return low;
}

/// One channel, seen from D' on: y rises with it.
template <typename T>
struct Channel {
  real s;
  real t;

  real y(int64_t place) const {
    const T d = Order<T>::number(place);
    return static_cast<real>(s < 0 ? static_cast<T>(-d) : d) * s + t;
  }
  /// D' of y = level, roughly.
  int64_t near(double level) const {
    const double at = (level - static_cast<double>(t)) / std::abs(static_cast<double>(s));
    return std::isfinite(at) ? Order<T>::place(at) : 0;
  }
  /// Above which number `reached(y)` holds.
  template <typename Reached>
  T step(double level, const Reached& reached) const {
    constexpr int64_t kLast = Order<T>::kLast;
    const auto at = [&](int64_t place) { return reached(y(place)); };
    if (!at(kLast)) return Order<T>::kNever;
    if (at(-kLast)) return Order<T>::kAlways;
    return Order<T>::number(last_below(kLast, near(level), at));
  }
};

/// All steps of channel c.
template <typename T>
void find_codes(const Channel<T>& channel, int64_t c, CodeThresholds<T>& found) {
  // -y rises with -D', so what |y| reaches below zero are the steps of the mirrored channel.
  const Channel<T> mirrored{-channel.s, -channel.t};
  const auto n = static_cast<real>(found.top);
  for (int code = 1; code <= found.top; ++code) {
    const auto at = static_cast<size_t>((code - 1) * found.stride + c);
    const double level = (code - 0.5) / found.top;
    const auto reached = [=](real y) { return round_to_code(n * y, n) >= code; };
    found.above[at] = channel.step(level, reached);
    if (found.below.empty()) continue;
    const T mirror = mirrored.step(level, reached);
    if (mirror == Order<T>::kAlways) {
      found.above[at] = Order<T>::kAlways;
    } else {
      found.below[at] = static_cast<T>(-mirror);
    }
  }
}

}  // namespace

template <typename T>
CodeThresholds<T> find_thresholds(std::span<const real> s, std::span<const real> t,
                                  BlockActivation activation, int bits) {
  const bool sign = activation == BlockActivation::sign;
  const bool two_sided = activation == BlockActivation::cabs;
  if (!sign && !two_sided && activation != BlockActivation::clip01) {
    throw ConfigError("[norm_quantize] expects an activation with codes: clip01, cabs or sign");
  }
  CodeThresholds<T> found;
  found.top = sign ? 1 : top_code(bits);
  found.channels = static_cast<int64_t>(s.size());
  found.stride = (found.channels + 63) / 64 * 64;
  const auto size = static_cast<size_t>(found.top * found.stride);
  found.above.assign(size, Order<T>::kNever);
  if (two_sided) found.below.assign(size, Order<T>::kAlways);
  found.scale.assign(s.begin(), s.end());
  found.scale.resize(static_cast<size_t>(found.stride));
  parallel_for(found.channels, kChannelGrain, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const auto i = static_cast<size_t>(c);
      if (sign) {
        found.above[i] = Channel<T>{s[i], t[i]}.step(0, [](real y) { return y >= 0; });
      } else {
        find_codes(Channel<T>{s[i], t[i]}, c, found);
      }
    }
  });
  return found;
}

template struct CodeThresholds<int16_t>;
template struct CodeThresholds<int32_t>;
template struct CodeThresholds<real>;
template CodeThresholds<int16_t> find_thresholds(std::span<const real>, std::span<const real>,
                                                 BlockActivation, int);
template CodeThresholds<int32_t> find_thresholds(std::span<const real>, std::span<const real>,
                                                 BlockActivation, int);
template CodeThresholds<real> find_thresholds(std::span<const real>, std::span<const real>,
                                              BlockActivation, int);

}  // namespace fracbit::ops
