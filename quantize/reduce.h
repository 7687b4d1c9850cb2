#pragma once

#include <cstdint>

#include "fracbit/framework/tensor.h"

namespace fracbit::quantize {

/// Elements per parallel task of an elementwise pass.
constexpr int64_t kGrain = 1 << 15;

/// Sum of term(i) over [begin, end) in double: eight interleaved sums, added in a fixed tree, so
/// that the loop can use vectors and the order depends on begin and end alone.
template <typename Term>
double lane_sum(int64_t begin, int64_t end, const Term& term) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {};
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] += static_cast<double>(term(i + l));
  }
  for (int64_t l = 0; i < end; ++i, ++l) lanes[l] += static_cast<double>(term(i));
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/// Largest |x|, NaN left out; 0 of none.
real max_abs(const real* x, int64_t count);

}  // namespace fracbit::quantize
