#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fracbit/framework/key_ranks.h"
#include "fracbit/quantize/heuristic.h"

namespace fracbit::quantize {

/// The elements at these positions (from 0, ascending) if the values were sorted by their keys, in
/// linear time. Throws nothing; positions within x.
std::vector<KeyRank> value_ranks(std::span<const real> x, const ValueKey& key,
                                 std::span<const int64_t> positions);

/// Algorithm 1 on sorted values: the first cumulative[0] of them get width 1, up to cumulative[1]
/// width 2, the rest 3; equal keys in order of index. Writes a width for each.
/// Paper  Fromm et al. 2018, Algorithm 1 (sorted once, spec 3.3)
void assign_widths(std::span<const real> x, const ValueKey& key,
                   std::span<const int64_t, 3> cumulative, std::span<uint8_t> widths);

/// The same for a random permutation, of elements `begin` and after.
void assign_widths(const RandomKeys& keys, int64_t begin, std::span<const int64_t, 3> cumulative,
                   std::span<uint8_t> widths);

}  // namespace fracbit::quantize
