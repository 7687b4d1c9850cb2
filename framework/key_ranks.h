#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fracbit/framework/real.h"

namespace fracbit {

/// A sorted position's key and where its equals lie.
struct KeyRank {
  real key;
  int64_t below;  ///< elements with a smaller key
  int64_t equal;  ///< elements with this key
};

/// The keys | |x_i| - centre | at these positions (from 0, ascending) if all were sorted, NaN last;
/// exact, in linear time. Positions in [0, x.size()).
std::vector<KeyRank> key_ranks(std::span<const real> x, real centre,
                               std::span<const int64_t> positions);

}  // namespace fracbit
