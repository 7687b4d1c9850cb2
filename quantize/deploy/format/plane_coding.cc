#include "fracbit/quantize/deploy/format/plane_coding.h"

#include <algorithm>
#include <bit>

#include "fracbit/framework/error.h"

namespace fracbit::deploy {
namespace {

constexpr int64_t kUnitFilters = 16;

/// The bits of `word` where `mask` is set, moved together.
uint64_t gather(uint64_t word, uint64_t mask) {
  if (mask == ~uint64_t{0}) return word;
  uint64_t bits = 0;
  for (int at = 0; mask != 0; mask &= mask - 1, ++at) {
    bits |= (word >> std::countr_zero(mask) & 1u) << at;
  }
  return bits;
}

/// The inverse of gather: bits spread to where `mask` is set.
uint64_t scatter(uint64_t bits, uint64_t mask) {
  if (mask == ~uint64_t{0}) return bits;
  uint64_t word = 0;
  for (; mask != 0; mask &= mask - 1, bits >>= 1) word |= (bits & 1u) << std::countr_zero(mask);
  return word;
}

/// A word position of a filter.
struct Place {
  int64_t filter, tap, word;
};

/// Where the mask of the unit that `place` belongs to was stored; `place` itself if it is there.
Place unit_of(const Weights& w, const Place& place) {
  if (w.unit == MaskUnit::word) {
    return {place.filter / kUnitFilters * kUnitFilters, place.tap, place.word};
  }
  if (w.unit == MaskUnit::filter) return {place.filter, 0, 0};
  return place;
}

bool same(const Place& a, const Place& b) {
  return a.filter == b.filter && a.tap == b.tap && a.word == b.word;
}

uint64_t plane_word(const Weights& w, const Place& place, int plane) {
  return w.row(place.filter, place.tap)[plane * w.words_per_plane() + place.word];
}

/// Calls body(place, the channels of this word as bits) for every word of a plane.
template <typename Body>
bool for_each_place(const Weights& w, const Body& body) {
  const int64_t words = w.words_per_plane();
  for (int64_t filter = 0; filter < w.filters; ++filter) {
    for (int64_t tap = 0; tap < w.taps(); ++tap) {
      for (int64_t word = 0; word < words; ++word) {
        const int64_t channels = std::min<int64_t>(64, w.channels - 64 * word);
        if (!body(Place{filter, tap, word}, ~uint64_t{0} >> (64 - channels))) return false;
      }
    }
  }
  return true;
}

void put_terms(const Weights& w, const Place& place, uint64_t all, BitWriter& out) {
  out.put(plane_word(w, place, 0), std::popcount(all));
  uint64_t outer = all;
  for (int n = 1; n < w.bits && outer != 0; ++n) {
    const uint64_t mask = plane_word(w, place, 2 * n + 1);
    if (w.unit == MaskUnit::element) {
      out.put(gather(mask, outer), std::popcount(outer));
    } else {
      const Place unit = unit_of(w, place);
      if (same(unit, place)) out.put(mask != 0 ? 1 : 0, 1);
      const bool set = plane_word(w, unit, 2 * n + 1) != 0;
      if (mask != (set ? all : 0)) throw ConfigError("expects one width in each unit of a mask");
    }
    out.put(gather(plane_word(w, place, 2 * n), mask), std::popcount(mask));
    outer = mask;
  }
}

void get_terms(Weights& w, const Place& place, uint64_t all, BitReader& in) {
  const int64_t words = w.words_per_plane();
  uint64_t* row = w.words.data() + (place.filter * w.taps() + place.tap) * w.words_per_row();
  row[place.word] = in.get(std::popcount(all));
  row[words + place.word] = all;
  uint64_t outer = all;
  for (int n = 1; n < w.bits && outer != 0; ++n) {
    uint64_t mask = 0;
    const Place unit = unit_of(w, place);
    if (w.unit == MaskUnit::element) {
      mask = scatter(in.get(std::popcount(outer)), outer);
    } else if (same(unit, place)) {
      mask = in.get(1) != 0 ? all : 0;
    } else {
      mask = plane_word(w, unit, 2 * n + 1) != 0 ? all : 0;
    }
    row[(2 * n + 1) * words + place.word] = mask;
    row[2 * n * words + place.word] = scatter(in.get(std::popcount(mask)), mask);
    outer = mask;
  }
}

}  // namespace

void put_planes(const Weights& w, BitWriter& out) {
  for_each_place(w, [&](const Place& place, uint64_t all) {
    if (w.coding == Coding::codes) {
      for (int p = 0; p < w.bits; ++p) out.put(plane_word(w, place, p), std::popcount(all));
    } else {
      put_terms(w, place, all, out);
    }
    return true;
  });
}

bool get_planes(BitReader& in, Weights& w) {
  const int64_t words = w.words_per_plane();
  return for_each_place(w, [&](const Place& place, uint64_t all) {
    if (w.coding == Coding::codes) {
      uint64_t* row = w.words.data() + (place.filter * w.taps() + place.tap) * w.words_per_row();
      for (int p = 0; p < w.bits; ++p) row[p * words + place.word] = in.get(std::popcount(all));
    } else {
      get_terms(w, place, all, in);
    }
    return in.ok();
  });
}

}  // namespace fracbit::deploy
