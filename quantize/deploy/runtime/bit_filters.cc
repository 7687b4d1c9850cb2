#include "fracbit/quantize/deploy/runtime/bit_filters.h"

#include <bit>

namespace fracbit::deploy::runtime {
namespace {

using ops::bit_product::Step;

/// Whether every element has term n.
bool is_full(const Weights& w, int n) {
  const int64_t words = w.words_per_plane();
  for (int64_t r = 0; r < w.filters * w.taps(); ++r) {
    const uint64_t* all = w.row(0, r) + words;  // the mask of term 0
    const uint64_t* mask = w.row(0, r) + (2 * n + 1) * words;
    for (int64_t i = 0; i < words; ++i) {
      if (mask[i] != all[i]) return false;
    }
  }
  return true;
}

}  // namespace

void BitFilters::describe(const Weights& w) {
  operand_.planes = w.planes();
  if (w.coding == Coding::residual) {
    for (int n = 0; n < w.bits; ++n) {
      operand_.terms.push_back({2 * n, is_full(w, n) ? -1 : 2 * n + 1});
    }
  } else if (w.bits == 1) {
    operand_.terms.push_back({0, -1});
  } else {
    operand_.code_planes = w.bits;
    operand_.map = {2, 1 - (1 << w.bits)};
  }
}

BitFilters::BitFilters(const Weights& w, const Frame& frame)
    : groups_(frame.groups),
      taps_(frame.taps()),
      channels_(frame.group_channels),
      filters_(frame.group_filters),
      blocks_(ceil_div(filters_, kBlock)),
      words_(taps_ * w.words_per_plane()) {
  describe(w);
  const int64_t per_tap = w.words_per_plane();
  data_.resize(static_cast<size_t>(groups_ * blocks_ * operand_.planes * plane_size()));
  for (int64_t f = 0; f < w.filters; ++f) {
    const int64_t in_group = f % filters_;
    const int64_t block = f / filters_ * blocks_ + in_group / kBlock;
    uint64_t* to = data_.data() + block * operand_.planes * plane_size() + in_group % kBlock;
    for (int64_t tap = 0; tap < taps_; ++tap) {
      const uint64_t* from = w.row(f, tap);
      for (int64_t plane = 0; plane < operand_.planes; ++plane) {
        for (int64_t i = 0; i < per_tap; ++i) {
          to[(plane * words_ + tap * per_tap + i) * kBlock] = *from++;
        }
      }
    }
  }
}

/// sums[tap][filter] += factor of each plane times popcount.
void BitFilters::add_popcounts(const std::vector<int32_t>& factors, const uint64_t* block,
                               std::vector<int32_t>& sums) const {
  const int64_t per_tap = words_ / taps_ * kBlock;
  for (size_t plane = 0; plane < factors.size(); ++plane, block += plane_size()) {
    if (factors[plane] == 0) continue;
    for (int64_t i = 0; i < plane_size(); ++i) {
      sums[static_cast<size_t>(i / per_tap * kBlock + i % kBlock)] +=
          factors[plane] * std::popcount(block[i]);
    }
  }
}

std::vector<int32_t> BitFilters::terms(const Step& step, const Border& border) const {
  if (step.inside.empty() && step.outside.empty() && step.per_channel == 0) return {};
  std::vector<int32_t> result;
  result.reserve(static_cast<size_t>(groups_ * blocks_ * border.classes() * kBlock));
  const auto size = static_cast<size_t>(taps_ * kBlock);
  for (int64_t b = 0; b < groups_ * blocks_; ++b) {
    std::vector<int32_t> inside(size, step.per_channel * static_cast<int32_t>(channels_));
    std::vector<int32_t> outside(size, 0);
    add_popcounts(step.inside, block(0, b), inside);
    add_popcounts(step.outside, block(0, b), outside);
    append_classes(border, taps_, inside, outside, result);
  }
  return result;
}

}  // namespace fracbit::deploy::runtime
