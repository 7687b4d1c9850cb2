#include "fracbit/quantize/selection.h"

#include <algorithm>
#include <array>
#include <limits>

#include "fracbit/framework/parallel.h"
#include "fracbit/framework/sign_terms.h"
#include "fracbit/quantize/reduce.h"

namespace fracbit::quantize {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();
constexpr int64_t kNoIndex = std::numeric_limits<int64_t>::max();

/// Elements after a cut: larger key, or the same key and an index past `last`.
struct Cut {
  real key;
  int64_t last = kNoIndex;
};

/// Index of the `rank`-th element (from 1) with this key.
int64_t index_of_equal(std::span<const real> x, const ValueKey& key, real wanted, int64_t rank) {
  constexpr int64_t kChunk = 256;
  std::array<real, kChunk> keys;
  const auto n = static_cast<int64_t>(x.size());
  for (int64_t first = 0; first < n; first += kChunk) {
    const int64_t count = std::min(kChunk, n - first);
    key.fill(x.data() + first, count, keys.data());
    for (int64_t c = 0; c < count; ++c) {
      rank -= keys[static_cast<size_t>(c)] == wanted;
      if (rank == 0) return first + c;
    }
  }
  return n;
}

/// The cut after the first `count` of the sorted values.
Cut cut_after(std::span<const real> x, const ValueKey& key, int64_t count, const KeyRank& at) {
  const int64_t taken = count - at.below;
  if (taken == at.equal) return {at.key};
  return {at.key, index_of_equal(x, key, at.key, taken)};
}

/// Adds 1 to the widths of elements that are equal to a cut and past its last index.
void add_equal(std::span<const real> x, const ValueKey& key, const Cut& cut,
               std::span<uint8_t> widths) {
  if (cut.last == kNoIndex) return;
  const auto n = static_cast<int64_t>(x.size());
  parallel_for(n - cut.last - 1, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = cut.last + 1 + begin; i < cut.last + 1 + end; ++i) {
      real own;
      key.fill(x.data() + i, 1, &own);
      auto& width = widths[static_cast<size_t>(i)];
      width = static_cast<uint8_t>(width + (own == cut.key));
    }
  });
}

}  // namespace

std::vector<KeyRank> value_ranks(std::span<const real> x, const ValueKey& key,
                                 std::span<const int64_t> positions) {
  if (!key.negative()) return key_ranks(x, key.centre(), positions);
  const auto n = static_cast<int64_t>(x.size());
  std::vector<int64_t> mirrored;
  for (int64_t position : positions) mirrored.insert(mirrored.begin(), n - 1 - position);
  std::vector<KeyRank> ranks = key_ranks(x, 0, mirrored);
  std::reverse(ranks.begin(), ranks.end());
  for (KeyRank& rank : ranks) rank = {-rank.key, n - rank.below - rank.equal, rank.equal};
  return ranks;
}

void assign_widths(std::span<const real> x, const ValueKey& key,
                   std::span<const int64_t, 3> cumulative, std::span<uint8_t> widths) {
  const auto n = static_cast<int64_t>(widths.size());
  std::array<Cut, 2> cuts = {Cut{kInfinity}, Cut{kInfinity}};
  std::vector<int64_t> positions;
  std::vector<size_t> cut_of;
  for (size_t k = 0; k < cuts.size(); ++k) {
    if (cumulative[k] == 0) cuts[k].key = -kInfinity;
    if (cumulative[k] == 0 || cumulative[k] == n) continue;
    positions.push_back(cumulative[k] - 1);
    cut_of.push_back(k);
  }
  const std::vector<KeyRank> at = value_ranks(x, key, positions);
  for (size_t i = 0; i < at.size(); ++i) {
    cuts[cut_of[i]] = cut_after(x, key, positions[i] + 1, at[i]);
  }
  SignTerms code;
  code.widths = SignTerms::Widths::cuts;
  code.centre = key.centre();
  code.negative = key.negative();
  code.cut = {cuts[0].key, cuts[1].key};
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    write_widths(x.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)), code,
                 widths.data() + begin);
  });
  for (const Cut& cut : cuts) add_equal(x, key, cut, widths);
}

void assign_widths(const RandomKeys& keys, int64_t begin, std::span<const int64_t, 3> cumulative,
                   std::span<uint8_t> widths) {
  const auto n = static_cast<int64_t>(widths.size());
  std::vector<SortKey> words(static_cast<size_t>(n));
  keys.fill(begin, n, words.data());
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
  const auto before = [&](int64_t a, int64_t b) {
    const SortKey first = words[static_cast<size_t>(a)];
    const SortKey second = words[static_cast<size_t>(b)];
    return first != second ? first < second : a < b;
  };
  std::fill(widths.begin(), widths.end(), uint8_t{3});
  auto unsorted = order.begin();
  for (size_t k = 0; k < 2; ++k) {
    const auto cut = order.begin() + cumulative[k];
    if (cut != order.end()) std::nth_element(unsorted, cut, order.end(), before);
    for (; unsorted != cut; ++unsorted) {
      widths[static_cast<size_t>(*unsorted)] = static_cast<uint8_t>(k + 1);
    }
  }
}

}  // namespace fracbit::quantize
