#include "fracbit/quantize/bit_shares.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/quantize/option.h"

namespace fracbit::quantize {
namespace {

constexpr double kTolerance = 1e-6;

struct Row {
  double bits;
  BitShares shares;
};
constexpr Row kTable[] = {
    {1.0, {1.0, 0.0, 0.0}}, {1.1, {0.9, 0.1, 0.0}}, {1.2, {0.9, 0.0, 0.1}}, {1.3, {0.7, 0.3, 0.0}},
    {1.4, {0.7, 0.2, 0.1}}, {1.5, {0.5, 0.5, 0.0}}, {1.6, {0.6, 0.2, 0.2}}, {1.7, {0.5, 0.3, 0.2}},
    {1.8, {0.4, 0.4, 0.2}}, {1.9, {0.4, 0.3, 0.3}}, {2.0, {0.3, 0.4, 0.3}}, {3.0, {0.0, 0.0, 1.0}},
};

}  // namespace

BitShares shares_from_average(double bits) {
  if (bits == kTable[0].bits) return kTable[0].shares;
  for (size_t i = 1; i < std::size(kTable); ++i) {
    const Row& below = kTable[i - 1];
    const Row& above = kTable[i];
    if (bits == above.bits) return above.shares;
    if (!(bits > below.bits && bits < above.bits)) continue;
    const double along = (bits - below.bits) / (above.bits - below.bits);
    BitShares shares;
    for (size_t b = 0; b < shares.size(); ++b) {
      shares[b] = below.shares[b] + along * (above.shares[b] - below.shares[b]);
    }
    return shares;
  }
  throw ConfigError("average bits: expected 1 to 3, got " + written(bits));
}

BitShares checked_shares(std::span<const double> shares) {
  std::string list;
  bool valid = shares.size() == 3;
  double sum = 0;
  for (double share : shares) {
    list += (list.empty() ? "" : ", ") + written(share);
    valid = valid && share >= 0 && share <= 1;
    sum += share;
  }
  if (!valid || std::abs(sum - 1) > kTolerance) {
    throw ConfigError("bit-shares: expected three fractions that add up to 1, got " + list);
  }
  return {shares[0], shares[1], shares[2]};
}

double average_bits(const BitShares& shares) {
  return 1 + shares[1] + 2 * shares[2];  // the shares add up to 1
}

int widest(const BitShares& shares) {
  return shares[2] > 0 ? 3 : shares[1] > 0 ? 2 : 1;
}

std::array<int64_t, 3> cumulative_counts(const BitShares& shares, int64_t n) {
  std::array<int64_t, 3> counts;
  double cumulative = 0;
  for (size_t b = 0; b < counts.size(); ++b) {
    cumulative += shares[b];
    const double exact = cumulative * static_cast<double>(n);
    counts[b] = std::min(n, static_cast<int64_t>(std::floor(exact + 0.5 + 1e-9)));
  }
  counts[2] = n;
  return counts;
}

}  // namespace fracbit::quantize
