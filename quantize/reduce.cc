#include "fracbit/quantize/reduce.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fracbit/framework/parallel.h"

namespace fracbit::quantize {
namespace {

real block_max_abs(const real* x, int64_t begin, int64_t end) {
  constexpr int64_t kLanes = 8;
  real lanes[kLanes] = {};
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) {
      const real a = std::abs(x[i + l]);
      lanes[l] = a > lanes[l] ? a : lanes[l];
    }
  }
  for (; i < end; ++i) lanes[0] = std::abs(x[i]) > lanes[0] ? std::abs(x[i]) : lanes[0];
  return *std::max_element(lanes, lanes + kLanes);
}

}  // namespace

real max_abs(const real* x, int64_t count) {
  if (count <= kGrain) return block_max_abs(x, 0, count);
  std::vector<real> partial(static_cast<size_t>((count + kGrain - 1) / kGrain));
  parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
    partial[static_cast<size_t>(begin / kGrain)] = block_max_abs(x, begin, end);
  });
  return *std::max_element(partial.begin(), partial.end());
}

}  // namespace fracbit::quantize
