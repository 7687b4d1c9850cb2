#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace fracbit::quantize {

/// Fractions of elements with 1, 2 and 3 bits; they add up to 1.
using BitShares = std::array<double, 3>;

/// DistFromAvg: the shares for an average of 1 to 3 bits, from the table of the paper's figure 2a,
/// linear between its entries so that the average is exact. Throws ConfigError outside.
/// Paper  Fromm et al. 2018, Algorithm 1; the table is spec 3.2
BitShares shares_from_average(double bits);

/// Shares given by the user. Throws ConfigError unless they are three fractions that add up to 1.
BitShares checked_shares(std::span<const double> shares);

/// Average number of bits.
double average_bits(const BitShares& shares);

/// Most bits of an element: the last share that is not 0.
int widest(const BitShares& shares);

/// How many of n elements have at most 1, 2, 3 bits: floor(n cum + 1/2), the last one n.
std::array<int64_t, 3> cumulative_counts(const BitShares& shares, int64_t n);

}  // namespace fracbit::quantize
