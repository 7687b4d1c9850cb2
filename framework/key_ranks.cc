#include "fracbit/framework/key_ranks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/residual/residual.h"
#include "fracbit/framework/parallel.h"

namespace fracbit {
namespace {

using kernels::residual::bin_begin;
using kernels::residual::bin_of;
using kernels::residual::kBins;
using kernels::residual::kCopies;

/// Keys are not negative, so that their bits sort like they do; NaN after all others.
using Bits = std::conditional_t<sizeof(real) == 4, uint32_t, uint64_t>;

/// Below this many elements all keys are laid out.
constexpr int64_t kSmall = 1 << 13;
/// Elements that a kernel call takes at once, in the first-level cache.
constexpr int64_t kChunk = 1 << 12;
/// Parts of a tensor that collect on their own.
constexpr int64_t kParts = 32;
/// Elements of a piece of the sample, of which one in kSampleStep is taken.
constexpr int64_t kSampleChunk = 64;
constexpr int64_t kSampleStep = 16;
/// Bins of the second count.
constexpr int64_t kFineBins = 1 << 12;

const kernels::residual::Kernels& active() {
  static const auto& kernels = kernels::residual::find(std::string(isa_name(active_isa())).c_str());
  return kernels;
}

/// The element at a position of unsorted keys, `before` smaller ones not among them.
KeyRank select(std::vector<Bits>& keys, int64_t position, int64_t before) {
  const auto nth = keys.begin() + position;
  std::nth_element(keys.begin(), nth, keys.end());
  const Bits key = *nth;
  KeyRank rank{std::bit_cast<real>(key), before, 0};
  for (Bits other : keys) {
    rank.below += other < key;
    rank.equal += other == key;
  }
  return rank;
}

std::vector<KeyRank> of_few(std::span<const real> x, real centre,
                            std::span<const int64_t> positions) {
  std::vector<Bits> keys;
  keys.reserve(x.size());
  for (real v : x) keys.push_back(std::bit_cast<Bits>(std::abs(std::abs(v) - centre)));
  std::vector<KeyRank> ranks;
  for (int64_t position : positions) ranks.push_back(select(keys, position, 0));
  return ranks;
}

/// Bins [begin, end) of keys.
struct Range {
  int64_t begin, end;
};

/// How many keys each bin has, of all elements or of a sample.
class Counts {
 public:
  Counts() : bins_(static_cast<size_t>(kBins * kCopies)) {}

  void add(std::span<const real> x, real centre) {
    active().count(x.data(), static_cast<int64_t>(x.size()), centre, bins_.data());
    total_ += static_cast<int64_t>(x.size());
  }
  int64_t total() const { return total_; }
  /// The bins of the keys at these positions, `margin` positions to either side included; keys
  /// that are not finite have none.
  std::vector<Range> around(std::span<const int64_t> positions, int64_t margin) const {
    const int64_t finite = bin_of(std::numeric_limits<real>::infinity());
    std::vector<Range> ranges;
    int64_t bin = 0;
    int64_t below = 0;
    const auto advance = [&](int64_t position) {
      for (; bin + 1 < kBins && below + count(bin) <= position; ++bin) below += count(bin);
    };
    for (int64_t position : positions) {
      advance(position - margin);
      const int64_t first = bin;
      const int64_t before = below;
      advance(position + margin);
      ranges.push_back({std::min(first, finite), std::min(bin + 1, finite)});
      bin = first, below = before;
    }
    return ranges;
  }

 private:
  int64_t count(int64_t bin) const {
    int64_t sum = 0;
    for (int64_t copy = 0; copy < kCopies; ++copy) {
      sum += bins_[static_cast<size_t>(copy * kBins + bin)];
    }
    return sum;
  }

  std::vector<uint32_t> bins_;
  int64_t total_ = 0;
};

/// Ranges that meet become one.
std::vector<Range> merged(std::vector<Range> ranges) {
  std::vector<Range> result;
  for (const Range& range : ranges) {
    if (!result.empty() && range.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, range.end);
    } else {
      result.push_back(range);
    }
  }
  return result;
}

/// Ranges that likely hold the keys at these positions, from a sample. Its pieces stand in changing
/// places, since channels repeat.
std::vector<Range> guess(std::span<const real> x, real centre, std::span<const int64_t> positions) {
  const auto n = static_cast<int64_t>(x.size());
  Counts counts;
  for (int64_t i = 0; (i + 1) * kSampleStep * kSampleChunk <= n; ++i) {
    const int64_t place = static_cast<uint32_t>(i) * 0x9e3779b1u >> 28;
    counts.add(
        x.subspan(static_cast<size_t>((i * kSampleStep + place) * kSampleChunk), kSampleChunk),
        centre);
  }
  std::vector<int64_t> at;
  const double share = static_cast<double>(counts.total()) / static_cast<double>(n);
  for (int64_t position : positions) {
    at.push_back(static_cast<int64_t>(static_cast<double>(position) * share));
  }
  const auto margin = static_cast<int64_t>(4 * std::sqrt(static_cast<double>(counts.total())));
  return merged(counts.around(at, margin + kSampleChunk));
}

/// The ranges that hold them, from all keys.
std::vector<Range> certain(std::span<const real> x, real centre,
                           std::span<const int64_t> positions) {
  Counts counts;
  counts.add(x, centre);
  return merged(counts.around(positions, 0));
}

/// Keys of a range: those of a part of the tensor, or of all.
struct Kept {
  Buffer<real> keys;
  int64_t count = 0;
  int64_t below = 0;

  /// Room for another call.
  void grow() {
    constexpr int64_t kRoom = kChunk + 16;
    if (count + kRoom <= keys.size()) return;
    Buffer<real> larger(2 * keys.size() + 2 * kRoom);
    std::copy_n(keys.data(), count, larger.data());
    keys = std::move(larger);
  }
};

/// [part][range]
using Parts = std::vector<std::vector<Kept>>;

Parts collect(std::span<const real> x, real centre, const std::vector<Range>& ranges) {
  const auto n = static_cast<int64_t>(x.size());
  const int64_t each = (n + kParts - 1) / kParts;
  Parts parts(static_cast<size_t>(kParts), std::vector<Kept>(ranges.size()));
  parallel_for(n, each, [&](int64_t begin, int64_t end) {
    std::vector<Kept>& own = parts[static_cast<size_t>(begin / each)];
    std::vector<kernels::residual::Bracket> brackets(ranges.size());
    for (size_t r = 0; r < ranges.size(); ++r) {
      brackets[r].low = bin_begin(ranges[r].begin);
      brackets[r].high = bin_begin(ranges[r].end);
    }
    for (int64_t first = begin; first < end; first += kChunk) {
      for (size_t r = 0; r < ranges.size(); ++r) {
        own[r].count = brackets[r].count;
        own[r].grow();
        brackets[r].kept = own[r].keys.data();
      }
      active().collect(x.data() + first, std::min(kChunk, end - first), centre, brackets.data(),
                       static_cast<int64_t>(brackets.size()));
    }
    for (size_t r = 0; r < ranges.size(); ++r) {
      own[r].count = brackets[r].count;
      own[r].below = brackets[r].below;
    }
  });
  return parts;
}

/// All keys of one range.
class Candidates {
 public:
  Candidates(const Parts& parts, size_t range, const Range& bins) {
    const Bits first = std::bit_cast<Bits>(bin_begin(bins.begin));
    const Bits span = std::bit_cast<Bits>(bin_begin(bins.end)) - first;
    first_ = first;
    while ((span >> shift_) >= static_cast<Bits>(kFineBins)) ++shift_;
    for (const auto& part : parts) {
      const Kept& kept = part[range];
      below_ += kept.below;
      count_ += kept.count;
      pieces_.emplace_back(kept.keys.data(), static_cast<size_t>(kept.count));
      for (real key : pieces_.back()) ++fine_[static_cast<size_t>(fine(key))];
    }
  }
  bool holds(int64_t position) const { return position >= below_ && position < below_ + count_; }
  KeyRank at(int64_t position) const {
    int64_t before = below_;
    int64_t bin = 0;
    for (; before + fine_[static_cast<size_t>(bin)] <= position; ++bin) {
      before += fine_[static_cast<size_t>(bin)];
    }
    std::vector<Bits> keys;
    for (const auto& piece : pieces_) {
      for (real key : piece) {
        if (fine(key) == bin) keys.push_back(std::bit_cast<Bits>(key));
      }
    }
    return select(keys, position - before, before);
  }

 private:
  int64_t fine(real key) const {
    return static_cast<int64_t>((std::bit_cast<Bits>(key) - first_) >> shift_);
  }

  Bits first_ = 0;
  int shift_ = 0;
  int64_t below_ = 0;
  int64_t count_ = 0;
  std::vector<std::span<const real>> pieces_;
  std::vector<int64_t> fine_ = std::vector<int64_t>(static_cast<size_t>(kFineBins));
};

/// The ranks, or none if a position is in none of the ranges.
std::vector<KeyRank> ranks_in(std::span<const real> x, real centre,
                              const std::vector<Range>& ranges,
                              std::span<const int64_t> positions) {
  const Parts parts = collect(x, centre, ranges);
  std::vector<KeyRank> ranks;
  for (size_t r = 0; r < ranges.size(); ++r) {
    const Candidates candidates(parts, r, ranges[r]);
    for (const int64_t position : positions.subspan(ranks.size())) {
      if (!candidates.holds(position)) break;
      ranks.push_back(candidates.at(position));
    }
  }
  if (ranks.size() < positions.size()) ranks.clear();
  return ranks;
}

}  // namespace

std::vector<KeyRank> key_ranks(std::span<const real> x, real centre,
                               std::span<const int64_t> positions) {
  if (positions.empty()) return {};
  if (static_cast<int64_t>(x.size()) < kSmall) return of_few(x, centre, positions);
  std::vector<KeyRank> ranks = ranks_in(x, centre, guess(x, centre, positions), positions);
  if (!ranks.empty()) return ranks;
  ranks = ranks_in(x, centre, certain(x, centre, positions), positions);
  // Only a key that is not finite is in no range.
  return ranks.empty() ? of_few(x, centre, positions) : ranks;
}

}  // namespace fracbit
