#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "fracbit/framework/kernels/table/table.h"
#include "fracbit/framework/ops/integer_gradient/input.h"
#include "fracbit/framework/parallel.h"

namespace fracbit::ops::integer_gradient {
namespace {

namespace table = kernels::table;
using table::kBytes, table::kChannels, table::kCodes, table::kVectors, table::kWord;

/// The four indices of one step, whether or not all are needed.
struct alignas(64) Indices {
  uint8_t bytes[kVectors * kBytes];
};

/// Filters [first, first + count) of one tap and word of channels.
Indices make_indices(const Choice& choice, const BitTensor& w, int64_t taps, int64_t tap,
                     int64_t word, int64_t first, int64_t count) {
  Indices made;
  const auto row = [&](int64_t f) { return w.row((first + f) * taps + tap) + word; };
  if (choice.method == table::Method::dot) {
    const uint64_t* rows[4] = {};
    for (int64_t f = 0; f < count; ++f) rows[f] = row(f);
    choice.kernels->make_levels(rows, w.bits(), w.words_per_plane(), choice.operand.mul,
                                choice.operand.add, made.bytes, kBytes);
  } else {
    uint64_t words[kCodes] = {};
    for (int64_t f = 0; f < count; ++f) words[f] = *row(f);
    choice.kernels->make_index(words, made.bytes, kBytes);
  }
  return made;
}

/// Codes of 1 as a kernel reads them.
Indices all_ones(const table::Kernels& kernels, table::Method method) {
  Indices made;
  std::array<uint8_t, kCodes> ones;
  ones.fill(1);
  if (method == table::Method::dot) {
    std::memcpy(made.bytes, ones.data(), 4);
  } else {
    kernels.make_tables(ones.data(), 1, false, made.bytes, kBytes);
  }
  return made;
}

/// Fills one block of 64 channels of a phase.
class BlockWeights {
 public:
  BlockWeights(const Conv2dGeometry& shape, const Choice& choice, const BitTensor& w,
               InputPhase& phase, int64_t block)
      : s_(shape),
        choice_(choice),
        w_(w),
        phase_(phase),
        block_(block),
        vectors_(block_vectors(shape.channels, block)),
        codes_(choice.method == table::Method::dot ? 4 : kCodes),
        groups_((shape.filters + codes_ - 1) / codes_),
        index_(phase.index.data() + block * phase.k * kVectors * kBytes) {}

  void make_index() {
    uint8_t* to = index_;
    const int64_t bytes = vectors_ * kBytes;
    for (const int64_t tap : phase_.phase.taps) {
      for (int64_t group = 0; group < groups_; ++group, to += bytes) {
        put(to, tap, group * codes_, std::min(codes_, s_.filters - group * codes_));
      }
    }
    for (; to < index_ + phase_.k * bytes; to += bytes) put(to, 0, 0, 0);
  }

  /// class term = -top (sum of the levels of the taps inside dy).
  void make_class_terms(int32_t top) {
    const std::vector<int32_t> sums = tap_sums();
    const int64_t columns = std::ssize(phase_.phase.grid.tap_columns);
    int32_t* to = phase_.class_terms.data() + block_ * phase_.classes() * kWord;
    for (const auto& rows : phase_.rows.ranges) {
      for (const auto& range : phase_.columns.ranges) {
        std::fill_n(to, kWord, 0);
        for (int64_t u = rows.begin; u < rows.end; ++u) {
          for (int64_t v = range.begin; v < range.end; ++v) {
            const int32_t* sum = sums.data() + (u * columns + v) * kWord;
            for (int c = 0; c < kWord; ++c) to[c] -= top * sum[c];
          }
        }
        to += kWord;
      }
    }
  }

 private:
  void put(uint8_t* to, int64_t tap, int64_t first, int64_t count) const {
    const Indices made = make_indices(choice_, w_, s_.taps(), tap, block_, first, count);
    std::memcpy(to, made.bytes, static_cast<size_t>(vectors_ * kBytes));
  }

  /// Sums of levels over the filters, [tap][64].
  std::vector<int32_t> tap_sums() const {
    const auto method =
        choice_.method == table::Method::dot ? table::Method::dot : table::Method::table;
    const Indices ones = all_ones(*choice_.kernels, method);
    const Operand& o = choice_.operand;
    const int64_t step = vectors_ * kBytes;
    std::vector<int64_t> groups(static_cast<size_t>(groups_)), vectors(4);
    std::generate(groups.begin(), groups.end(),
                  [at = -step, step]() mutable { return at += step; });
    for (size_t v = 0; v < vectors.size(); ++v) vectors[v] = static_cast<int64_t>(v) * kBytes;
    const std::vector<int32_t> offset(4, o.base * static_cast<int32_t>(s_.filters));
    std::vector<int32_t> sums(phase_.phase.taps.size() * kWord);
    for (size_t tap = 0; tap < phase_.phase.taps.size(); ++tap) {
      choice_.kernels->index_sum[static_cast<int>(method)](
          {groups_, vectors_, index_ + static_cast<int64_t>(tap) * groups_ * step, 0,
           vectors.data(), groups.data(), ones.bytes, 0, o.factor, offset.data(),
           sums.data() + tap * kWord});
    }
    return sums;
  }

  const Conv2dGeometry& s_;
  const Choice& choice_;
  const BitTensor& w_;
  InputPhase& phase_;
  int64_t block_, vectors_, codes_, groups_;
  uint8_t* index_;
};

}  // namespace

TapClasses::TapClasses(int64_t rows, const std::vector<int64_t>& taps, int64_t extent) {
  for (int64_t row = 0; row < rows; ++row) {
    Range range{0, std::ssize(taps)};
    while (range.begin < range.end && row + taps[static_cast<size_t>(range.begin)] < 0) {
      ++range.begin;
    }
    while (range.begin < range.end && row + taps[static_cast<size_t>(range.end - 1)] >= extent) {
      --range.end;
    }
    const auto found = std::find(ranges.begin(), ranges.end(), range);
    class_of.push_back(static_cast<int32_t>(found - ranges.begin()));
    if (found == ranges.end()) ranges.push_back(range);
  }
}

std::vector<InputPhase> input_phases(const Conv2dGeometry& s, const Choice& choice,
                                     const BitTensor& w, int32_t top) {
  const int64_t codes = choice.method == table::Method::dot ? 4 : kCodes;
  const int64_t depth = table::depth(choice.method);
  const int64_t blocks = (s.channels + kWord - 1) / kWord;
  std::vector<InputPhase> made;
  for (Conv2dPhase& phase : conv2d_phases(s)) {
    const TapGrid& grid = phase.grid;
    InputPhase p{phase,
                 TapClasses(grid.rows, grid.tap_rows, s.out_height),
                 TapClasses(grid.columns, grid.tap_columns, s.out_width),
                 0,
                 {},
                 {}};
    p.k = std::ssize(phase.taps) * ((s.filters + codes - 1) / codes);
    p.k = (p.k + depth - 1) / depth * depth;
    p.index = Buffer<uint8_t>(blocks * p.k * kVectors * kBytes);
    p.class_terms = Buffer<int32_t>(blocks * p.classes() * kWord);
    parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        BlockWeights weights(s, choice, w, p, block);
        weights.make_index();
        weights.make_class_terms(top);
      }
    });
    made.push_back(std::move(p));
  }
  return made;
}

}  // namespace fracbit::ops::integer_gradient
