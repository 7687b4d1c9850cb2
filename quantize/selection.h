#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "fracbit/framework/real.h"

namespace fracbit::quantize {

/// An unsigned integer that sorts like the real it was made from; its top bit is 0.
using SortKey = std::conditional_t<sizeof(real) == 4, uint32_t, uint64_t>;

/// Sort keys of the elements of a tensor.
class SortKeys {
 public:
  virtual ~SortKeys() = default;
  /// Keys of elements first .. first + count - 1.
  virtual void fill(int64_t first, int64_t count, SortKey* keys) const = 0;
};

/// A sorted position's key and where its equals lie.
struct OrderStatistic {
  SortKey key;
  int64_t below;  ///< elements with a smaller key
  int64_t equal;  ///< elements with this key
};

/// The elements at these positions (from 0, ascending) if begin .. begin + n - 1 were sorted, in
/// linear time.
std::vector<OrderStatistic> order_statistics(const SortKeys& keys, int64_t begin, int64_t n,
                                             std::span<const int64_t> positions);

/// Algorithm 1 on sorted elements: the first cumulative[0] of n get width 1, up to cumulative[1]
/// width 2, the rest 3; equal keys in order of index. Writes widths[0 .. n - 1].
/// Paper  Fromm et al. 2018, Algorithm 1 (sorted once, spec 3.3)
void assign_widths(const SortKeys& keys, int64_t begin, std::span<const int64_t, 3> cumulative,
                   std::span<uint8_t> widths);

}  // namespace fracbit::quantize
