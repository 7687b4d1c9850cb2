#include "fracbit/quantize/selection.h"

#include <algorithm>
#include <array>
#include <limits>

#include "fracbit/framework/parallel.h"
#include "fracbit/quantize/reduce.h"

namespace fracbit::quantize {
namespace {

constexpr int64_t kChunk = 256;
using Chunk = std::array<SortKey, kChunk>;

/// Keys are counted by their top bits: sign (0), exponent and the first bits of the mantissa.
constexpr int kBinBits = 15;
constexpr int kShift = static_cast<int>(8 * sizeof(SortKey)) - 1 - kBinBits;
constexpr int64_t kBins = int64_t{1} << kBinBits;
/// Below this many elements sorting in place is cheaper than counting.
constexpr int64_t kSmall = kBins;
/// Parts that count and collect on their own.
constexpr int64_t kParts = 16;

template <typename Body>
void for_each_chunk(const SortKeys& keys, int64_t begin, int64_t end, const Body& body) {
  Chunk chunk;
  for (int64_t first = begin; first < end; first += kChunk) {
    const int64_t count = std::min(kChunk, end - first);
    keys.fill(first, count, chunk.data());
    body(first, count, chunk.data());
  }
}

/// Where a key lies among the candidates, `below` elements coming before all of these.
OrderStatistic locate(const std::vector<SortKey>& candidates, SortKey key, int64_t below) {
  OrderStatistic found{key, below, 0};
  for (SortKey other : candidates) {
    found.below += other < key;
    found.equal += other == key;
  }
  return found;
}

std::vector<OrderStatistic> of_few(const SortKeys& keys, int64_t begin, int64_t n,
                                   std::span<const int64_t> positions) {
  std::vector<SortKey> all(static_cast<size_t>(n));
  keys.fill(begin, n, all.data());
  std::vector<OrderStatistic> found;
  auto unsorted = all.begin();  // everything before is smaller or equal
  for (int64_t position : positions) {
    const auto nth = all.begin() + position;
    std::nth_element(unsorted, nth, all.end());
    unsorted = nth;
    found.push_back(locate(all, *nth, 0));
  }
  return found;
}

std::vector<int64_t> count_bins(const SortKeys& keys, int64_t begin, int64_t n, int64_t part) {
  std::vector<uint32_t> counts(static_cast<size_t>(kParts * kBins));
  parallel_for(n, part, [&](int64_t from, int64_t to) {
    uint32_t* own = counts.data() + from / part * kBins;
    for_each_chunk(keys, begin + from, begin + to, [&](int64_t, int64_t count, const SortKey* key) {
      for (int64_t c = 0; c < count; ++c) ++own[key[c] >> kShift];
    });
  });
  std::vector<int64_t> bins(static_cast<size_t>(kBins));
  for (int64_t i = 0; i < kParts * kBins; ++i) {
    bins[static_cast<size_t>(i % kBins)] += counts[static_cast<size_t>(i)];
  }
  return bins;
}

struct Bin {
  int64_t index;
  int64_t below;
};

Bin bin_of(const std::vector<int64_t>& bins, int64_t position) {
  Bin bin{0, 0};
  while (bin.index + 1 < kBins && bin.below + bins[static_cast<size_t>(bin.index)] <= position) {
    bin.below += bins[static_cast<size_t>(bin.index)];
    ++bin.index;
  }
  return bin;
}

/// All keys of the marked bins, part after part.
std::vector<SortKey> collect(const SortKeys& keys, int64_t begin, int64_t n, int64_t part,
                             const std::vector<uint8_t>& marked) {
  std::array<std::vector<SortKey>, kParts> kept;
  parallel_for(n, part, [&](int64_t from, int64_t to) {
    std::vector<SortKey>& own = kept[static_cast<size_t>(from / part)];
    for_each_chunk(keys, begin + from, begin + to, [&](int64_t, int64_t count, const SortKey* key) {
      for (int64_t c = 0; c < count; ++c) {
        if (marked[key[c] >> kShift] != 0) own.push_back(key[c]);
      }
    });
  });
  std::vector<SortKey> all;
  for (const std::vector<SortKey>& own : kept) all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace

std::vector<OrderStatistic> order_statistics(const SortKeys& keys, int64_t begin, int64_t n,
                                             std::span<const int64_t> positions) {
  if (n < kSmall) return of_few(keys, begin, n, positions);
  const int64_t part = (n + kParts - 1) / kParts;
  const std::vector<int64_t> bins = count_bins(keys, begin, n, part);
  std::vector<Bin> targets;
  std::vector<uint8_t> marked(static_cast<size_t>(kBins));
  for (int64_t position : positions) {
    targets.push_back(bin_of(bins, position));
    marked[static_cast<size_t>(targets.back().index)] = 1;
  }
  const std::vector<SortKey> kept = collect(keys, begin, n, part, marked);
  std::vector<OrderStatistic> found;
  for (size_t i = 0; i < positions.size(); ++i) {
    std::vector<SortKey> candidates;
    std::copy_if(kept.begin(), kept.end(), std::back_inserter(candidates), [&](SortKey key) {
      return static_cast<int64_t>(key >> kShift) == targets[i].index;
    });
    const auto nth = candidates.begin() + (positions[i] - targets[i].below);
    std::nth_element(candidates.begin(), nth, candidates.end());
    found.push_back(locate(candidates, *nth, targets[i].below));
  }
  return found;
}

namespace {

/// Elements after a cut: larger key, or the same key and an index past `last`.
struct Cut {
  SortKey key;
  int64_t last;
};
constexpr SortKey kLargest = std::numeric_limits<SortKey>::max();
constexpr int64_t kNoIndex = std::numeric_limits<int64_t>::max();
constexpr Cut kAllAfter = {0, -1};
constexpr Cut kNoneAfter = {kLargest, kNoIndex};

/// Adds 1 to the widths of the elements after the cut.
void add_after(const Cut& cut, const SortKey* key, int64_t first, int64_t count, uint8_t* widths) {
  for (int64_t c = 0; c < count; ++c) {
    widths[c] = static_cast<uint8_t>(widths[c] + (key[c] > cut.key));
  }
  if (cut.last == kNoIndex) return;
  for (int64_t c = std::max<int64_t>(0, cut.last + 1 - first); c < count; ++c) {
    widths[c] = static_cast<uint8_t>(widths[c] + (key[c] == cut.key));
  }
}

/// Index of the `rank`-th element (from 1) with this key.
int64_t index_of_equal(const SortKeys& keys, int64_t begin, int64_t n, SortKey key, int64_t rank) {
  int64_t seen = 0;
  int64_t index = begin + n;
  for (int64_t from = begin; from < begin + n && seen < rank; from += kGrain) {
    for_each_chunk(keys, from, std::min(begin + n, from + kGrain),
                   [&](int64_t first, int64_t count, const SortKey* key_at) {
                     for (int64_t c = 0; c < count && seen < rank; ++c) {
                       if (key_at[c] != key) continue;
                       ++seen;
                       index = first + c;
                     }
                   });
  }
  return index;
}

/// The cut after the first `count` of n sorted elements.
Cut cut_after(const SortKeys& keys, int64_t begin, int64_t n, int64_t count,
              const OrderStatistic& at) {
  const int64_t taken = count - at.below;
  if (taken == at.equal) return {at.key, kNoIndex};
  return {at.key, index_of_equal(keys, begin, n, at.key, taken)};
}

}  // namespace

void assign_widths(const SortKeys& keys, int64_t begin, std::span<const int64_t, 3> cumulative,
                   std::span<uint8_t> widths) {
  const auto n = static_cast<int64_t>(widths.size());
  std::array<Cut, 2> cuts = {kNoneAfter, kNoneAfter};
  std::vector<int64_t> positions;
  std::vector<size_t> cut_of;
  for (size_t k = 0; k < cuts.size(); ++k) {
    if (cumulative[k] == 0) cuts[k] = kAllAfter;
    if (cumulative[k] == 0 || cumulative[k] == n) continue;
    positions.push_back(cumulative[k] - 1);
    cut_of.push_back(k);
  }
  const std::vector<OrderStatistic> at = order_statistics(keys, begin, n, positions);
  for (size_t i = 0; i < at.size(); ++i) {
    cuts[cut_of[i]] = cut_after(keys, begin, n, positions[i] + 1, at[i]);
  }
  parallel_for(n, kGrain, [&](int64_t from, int64_t to) {
    for_each_chunk(keys, begin + from, begin + to,
                   [&](int64_t first, int64_t count, const SortKey* key) {
                     uint8_t* out = widths.data() + (first - begin);
                     std::fill_n(out, count, uint8_t{1});
                     for (const Cut& cut : cuts) add_after(cut, key, first, count, out);
                   });
  });
}

}  // namespace fracbit::quantize
