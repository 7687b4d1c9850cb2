#include "fracbit/framework/finite.h"

#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "fracbit/framework/parallel.h"

namespace fracbit {

namespace {

using Bits = std::conditional_t<sizeof(real) == 8, uint64_t, uint32_t>;
constexpr Bits kExponent = std::bit_cast<Bits>(std::numeric_limits<real>::infinity());
constexpr int64_t kGrain = 1 << 16;

// NaN and infinity have all exponent bits set. Integers, so that the compiler can use vectors.
bool finite(const real* values, int64_t count) {
  Bits found = 0;
  for (int64_t i = 0; i < count; ++i) {
    found |= static_cast<Bits>((std::bit_cast<Bits>(values[i]) & kExponent) == kExponent);
  }
  return found == 0;
}

}  // namespace

bool all_finite(const Tensor& tensor) {
  std::atomic<bool> all{true};
  parallel_for(tensor.size(), kGrain, [&](int64_t begin, int64_t end) {
    if (!finite(tensor.data() + begin, end - begin)) all = false;
  });
  return all;
}

}  // namespace fracbit
