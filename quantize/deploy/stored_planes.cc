#include "fracbit/quantize/deploy/stored_planes.h"

#include <algorithm>

#include "fracbit/framework/error.h"

namespace fracbit::deploy {
namespace {

/// Bits [first, first + count) of a plane, moved to bit 0.
void copy_bits(const uint64_t* from, int64_t first, int64_t count, uint64_t* to) {
  for (int64_t done = 0; done < count; done += 64, ++to) {
    const int64_t at = first + done, some = std::min<int64_t>(64, count - done);
    const int64_t shift = at % 64;
    uint64_t bits = from[at / 64] >> shift;
    if (shift + some > 64) bits |= from[at / 64 + 1] << (64 - shift);
    *to = some < 64 ? bits & ((uint64_t{1} << some) - 1) : bits;
  }
}

/// Whether each mask word is all or nothing, and equal to that of the first word of its unit.
bool fits(const Weights& w, MaskUnit unit) {
  constexpr int64_t kUnitFilters = 16;
  const int64_t words = w.words_per_plane();
  for (int64_t filter = 0; filter < w.filters; ++filter) {
    for (int64_t tap = 0; tap < w.taps(); ++tap) {
      for (int n = 1; n < w.bits; ++n) {
        const uint64_t* all = w.row(filter, tap) + words;
        const uint64_t* mask = w.row(filter, tap) + (2 * n + 1) * words;
        const uint64_t* first = unit == MaskUnit::filter
                                    ? w.row(filter, 0)
                                    : w.row(filter / kUnitFilters * kUnitFilters, tap);
        for (int64_t i = 0; i < words; ++i) {
          const bool set = first[(2 * n + 1) * words + (unit == MaskUnit::filter ? 0 : i)] != 0;
          if (mask[i] != (set ? all[i] : 0)) return false;
        }
      }
    }
  }
  return true;
}

}  // namespace

void store_planes(const BitTensor& bits, Weights& w) {
  const bool codes = bits.encoding() == Encoding::codes;
  if (codes && bits.map() != CodeMap{2, 1 - (1 << bits.bits())}) {
    throw ConfigError("[lowering] expects bipolar codes as weights");
  }
  w.coding = codes ? Coding::codes : Coding::residual;
  w.bits = bits.bits();
  w.words.resize(static_cast<size_t>(w.filters * w.taps() * w.words_per_row()));
  const int64_t taps_per_row = bits.shape().back() / w.channels;
  uint64_t* to = w.words.data();
  for (int64_t r = 0; r < bits.rows(); ++r) {
    for (int64_t tap = 0; tap < taps_per_row; ++tap) {
      for (int plane = 0; plane < bits.planes(); ++plane, to += w.words_per_plane()) {
        copy_bits(bits.row(r) + plane * bits.words_per_plane(), tap * w.channels, w.channels, to);
      }
    }
  }
}

void one_term_grid(Weights& w) {
  const std::vector<uint64_t> signs = std::move(w.words);
  const int64_t words = w.words_per_plane();
  w.coding = Coding::grid;
  w.levels = {1};
  w.words.clear();
  for (size_t row = 0; row < signs.size(); row += static_cast<size_t>(words)) {
    for (int64_t i = 0; i < words; ++i) w.words.push_back(signs[row + static_cast<size_t>(i)]);
    for (int64_t i = 0; i < words; ++i) {
      const int64_t channels = std::min<int64_t>(64, w.channels - 64 * i);
      w.words.push_back(~uint64_t{0} >> (64 - channels));
    }
  }
}

MaskUnit mask_unit(const Weights& w) {
  if (w.coding == Coding::codes || w.coding == Coding::float32) return MaskUnit::element;
  if (fits(w, MaskUnit::filter)) return MaskUnit::filter;
  return fits(w, MaskUnit::word) ? MaskUnit::word : MaskUnit::element;
}

}  // namespace fracbit::deploy
