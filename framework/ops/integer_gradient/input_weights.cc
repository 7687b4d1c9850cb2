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
using table::kBytes, table::kCodes, table::kVectors, table::kWord, table::Method;

/// The four indices of one step, whether or not all are needed.
struct alignas(64) Indices {
  uint8_t bytes[kVectors * 2 * kBytes];
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
    choice.kernels->make_index(choice.method, words, made.bytes, table::index_bytes(choice.method));
  }
  return made;
}

/// Codes of 1 as a kernel reads them, or a table of signs that holds 2.
Indices all_ones(const table::Kernels& kernels, Method method) {
  Indices made;
  std::array<uint8_t, kCodes> ones;
  ones.fill(1);
  if (method == Method::dot) {
    std::memcpy(made.bytes, ones.data(), 4);
  } else if (method == Method::signs) {
    std::memset(made.bytes, 2, static_cast<size_t>(table::table_bytes(method)));
  } else {
    kernels.make_tables(Method::table, ones.data(), 1, 1, made.bytes, kBytes);
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
        codes_(choice.method == Method::dot ? 4 : kCodes),
        groups_((shape.filters + codes_ - 1) / codes_),
        step_(vectors_ * table::index_bytes(choice.method)),
        index_(phase.index.data() + block * phase.block_bytes(choice)) {}

  void make_index() {
    uint8_t* to = index_;
    for (const int64_t tap : phase_.phase.taps) {
      for (int64_t group = 0; group < groups_; ++group, to += step_) {
        put(to, tap, group * codes_, std::min(codes_, s_.filters - group * codes_));
      }
    }
    for (; to < index_ + phase_.k * step_; to += step_) put(to, 0, 0, 0);
  }

  /// class term = -top (sum of the levels of the taps inside dy).
  void make_class_terms(int32_t top) {
    const std::vector<int32_t> everywhere = all_sums();
    const std::vector<int32_t> sums = tap_sums();
    const int64_t columns = std::ssize(phase_.phase.grid.tap_columns);
    int32_t* to = phase_.class_terms.data() + block_ * phase_.classes() * kWord;
    for (const auto& rows : phase_.rows.ranges) {
      for (const auto& range : phase_.columns.ranges) {
        for (size_t c = 0; c < kWord; ++c) to[c] = -top * everywhere[c];
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
    std::memcpy(to, made.bytes, static_cast<size_t>(step_));
  }

  bool signs() const { return choice_.method == Method::signs; }
  int64_t taps() const { return std::ssize(phase_.phase.taps); }

  /// With tables of signs, what 2 top adds to a sum, over top; else 0.
  std::vector<int32_t> all_sums() const {
    std::vector<int32_t> sums(kWord);
    if (signs()) add_steps(0, taps() * groups_, 0, sums.data());
    return sums;
  }

  /// Sums of levels over the filters, [tap][64]; with tables of signs, those of the codes of 0 that
  /// fill up a pixel, whose s is -1.
  std::vector<int32_t> tap_sums() const {
    const int64_t filters = signs() ? groups_ * codes_ - s_.filters : s_.filters;
    std::vector<int32_t> sums(static_cast<size_t>(taps() * kWord), static_cast<int32_t>(filters));
    if (signs()) return sums;
    for (int64_t tap = 0; tap < taps(); ++tap) {
      add_steps(tap * groups_, groups_, choice_.operand.base * static_cast<int32_t>(filters),
                sums.data() + tap * kWord);
    }
    return sums;
  }

  /// offset + factor (sum over steps of s), of every channel.
  void add_steps(int64_t first, int64_t count, int32_t offset, int32_t* sums) const {
    const Method method = choice_.method == Method::dot || signs() ? choice_.method : Method::table;
    const Indices ones = all_ones(*choice_.kernels, method);
    std::vector<int64_t> steps(static_cast<size_t>(count)), vectors(kVectors);
    for (int64_t i = 0; i < count; ++i) steps[static_cast<size_t>(i)] = i * step_;
    for (size_t v = 0; v < vectors.size(); ++v) {
      vectors[v] = static_cast<int64_t>(v) * table::index_bytes(method);
    }
    const std::vector<int32_t> offsets(kVectors, offset);
    choice_.kernels->index_sum[static_cast<int>(method)](
        {count, vectors_, index_ + first * step_, vectors.data(), steps.data(), ones.bytes, 0,
         choice_.operand.factor, offsets.data(), sums});
  }

  const Conv2dGeometry& s_;
  const Choice& choice_;
  const BitTensor& w_;
  InputPhase& phase_;
  int64_t block_, vectors_, codes_, groups_, step_;
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

int64_t InputPhase::block_bytes(const Choice& choice) const {
  return k * kVectors * table::index_bytes(choice.method);
}

std::vector<InputPhase> input_phases(const Conv2dGeometry& s, const Choice& choice,
                                     const BitTensor& w, int32_t top) {
  const int64_t codes = choice.method == Method::dot ? 4 : kCodes;
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
    p.index = Buffer<uint8_t>(blocks * p.block_bytes(choice));
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
