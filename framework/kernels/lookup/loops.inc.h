// The loops of every instruction set, over a vector type `Lanes`. Included once by each of its
// files, after Lanes, inside that file's anonymous namespace: nothing here is a linker symbol. A
// vector of bytes holds 16 filters for each of kGroups groups of four bits, one group to 128 bits.
// Lanes offers
//   Bytes                 a vector of kBytes bytes
//   kLookupPixels         of a register tile, times two vectors
//   kLookupPlanes         of x, from which on lookups are faster than counting
//   load_bytes, no_bytes, shuffle, bytes_add
//   even, odd             the bytes of each 16 bits, as 16 bits; pairs_add
//   eight(pairs, bool fresh, int32_t*)      the 8 numbers of all groups to 8 counts, added or, if
//                                           fresh, put there
// and what kernels/bitgemm/output.inc.h wants.

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#define FRACBIT_UNROLL_4 _Pragma("unroll 4")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 16")
#define FRACBIT_UNROLL_4 _Pragma("GCC unroll 4")
#endif

using bitgemm::Output;

#include "fracbit/framework/kernels/bitgemm/output.inc.h"

constexpr int kBytes = Lanes::kBytes;
constexpr int kGroups = kBytes / 16;
constexpr int kSteps = 16 / kGroups;  // that look up the groups of a word
constexpr int kLookupFilters = 32;    // of a block: two vectors
constexpr int kLookupPixels = Lanes::kLookupPixels;
constexpr int kMany = 4 * kLookupPixels;
constexpr int kParts = kLookupFilters / kLanes;

using Bytes = Lanes::Bytes;
using Looked = Bytes[kLookupPixels][2];
using LookupCounts = int32_t[kParts][kMany][kLanes];
typedef uint8_t Table __attribute__((vector_size(16)));

struct Counted {
  uint8_t common[16][16], unequal[16][16];  ///< [bits of x][bits of w]
};
constexpr Counted count_all() {
  Counted counted{};
  for (int x = 0; x < 16; ++x) {
    for (int w = 0; w < 16; ++w) {
      for (int b = 0; b < 4; ++b) {
        const bool of_x = (x >> b) & 1, of_w = (w >> b) & 1;
        if (of_x && of_w) ++counted.common[x][w];
        if (of_x != of_w) ++counted.unequal[x][w];
      }
    }
  }
  return counted;
}
alignas(64) constexpr Counted kCounted = count_all();

void fill_tables(const Tables& t) noexcept {
  const auto* of = reinterpret_cast<const Table*>(t.signs ? kCounted.unequal : kCounted.common);
  auto* to = reinterpret_cast<Table*>(t.tables);
  const int top = t.planes - 1;
  for (int64_t pixel = 0; pixel < t.pixels; ++pixel) {
    for (int64_t i = 0; i < t.words; ++i, to += 16) {
      const uint64_t* word = t.x + pixel * t.pixel + i;
      const uint64_t highest = word[top * t.words];
      for (int g = 0; g < 16; ++g) to[g] = of[(highest >> (4 * g)) & 15];
      for (int plane = top - 1; plane >= 0; --plane) {
        const uint64_t bits = word[plane * t.words];
        for (int g = 0; g < 16; ++g) to[g] = to[g] + to[g] + of[(bits >> (4 * g)) & 15];
      }
    }
  }
}

/// Of 16 filters, byte 2 i is filter i and byte 2 i + 1 is filter 8 + i, so that even and odd bytes
/// are consecutive filters.
void fill_index(const uint64_t* words, int64_t k, uint8_t* to) noexcept {
  for (int64_t i = 0; i < k; ++i, words += kLookupFilters) {
    for (int step = 0; step < kSteps; ++step) {
      for (int b = 0; b < 2 * kBytes; ++b) {
        const int filter = b / kBytes * 16 + b % 2 * 8 + b % 16 / 2;
        const int group = step * kGroups + b % kBytes / 16;
        *to++ = static_cast<uint8_t>((words[filter] >> (4 * group)) & 15);
      }
    }
  }
}

void clear(Looked& sums) {
  FRACBIT_UNROLL
  for (int p = 0; p < kLookupPixels; ++p) sums[p][0] = sums[p][1] = Lanes::no_bytes();
}

/// Sums of a register tile while they outgrow bytes.
struct Growing {
  Looked even, odd;  ///< 16 bits each
  int added;         ///< times of at most 255

  void clear() {
    for (int p = 0; p < kLookupPixels; ++p) {
      for (int v = 0; v < 2; ++v) even[p][v] = odd[p][v] = Lanes::no_bytes();
    }
    added = 0;
  }
  [[gnu::always_inline]] void add(const Looked& sums) {
    FRACBIT_UNROLL
    for (int p = 0; p < kLookupPixels; ++p) {
      FRACBIT_UNROLL
      for (int v = 0; v < 2; ++v) {
        even[p][v] = Lanes::pairs_add(even[p][v], Lanes::even(sums[p][v]));
        odd[p][v] = Lanes::pairs_add(odd[p][v], Lanes::odd(sums[p][v]));
      }
    }
    ++added;
  }
  /// These to the counts of the tile's pixels from `first` on.
  [[gnu::noinline]] void add_to(LookupCounts& counts, int64_t first, bool fresh) const {
    for (int p = 0; p < kLookupPixels; ++p) {
      for (int i = 0; i < 4; ++i) {
        const Bytes pairs = i % 2 == 0 ? even[p][i / 2] : odd[p][i / 2];
        Lanes::eight(pairs, fresh, counts[8 * i / kLanes][first + p] + 8 * i % kLanes);
      }
    }
  }
};

/// sums += `steps` lookups from each table on.
[[gnu::always_inline]] inline void look_up(const uint8_t* const (&x)[kLookupPixels], int64_t offset,
                                           const uint8_t* w, int steps, Looked& sums) {
  for (const uint8_t* end = w + steps * 2 * kBytes; w != end; w += 2 * kBytes, offset += kBytes) {
    const Bytes index[2] = {Lanes::load_bytes(w), Lanes::load_bytes(w + kBytes)};
    FRACBIT_UNROLL
    for (int p = 0; p < kLookupPixels; ++p) {
      const Bytes table = Lanes::load_bytes(x[p] + offset);
      FRACBIT_UNROLL
      for (int v = 0; v < 2; ++v) {
        sums[p][v] = Lanes::bytes_add(sums[p][v], Lanes::shuffle(table, index[v]));
      }
    }
  }
}

/// The lookups of one plane of w to the counts of a tile, added or, if these are fresh, put there.
[[gnu::noinline]] void look_up_plane(const Lookup& d, const uint8_t* const (&x)[kLookupPixels],
                                     const uint8_t* w, LookupCounts& counts, int64_t first,
                                     bool fresh) {
  // A sum of four codes is at most 4 (2^planes - 1); bytes hold 63, 21, 9, 4, 2, 1 of them.
  const int fit = 255 / (4 * ((1 << d.x_planes) - 1));
  const int steps = fit >= kSteps ? kSteps : fit >= 8 ? 8 : fit;
  const int64_t words = fit >= kSteps ? fit / kSteps : 1;  // before bytes are full
  Growing growing;
  growing.clear();
  for (int64_t k = 0; k < d.k; k += words) {
    Looked sums;
    clear(sums);
    for (int64_t i = k; i < k + words && i < d.k; ++i) {
      const uint8_t* from = w + i * 16 * kLookupFilters;
      if (steps == kSteps) {
        look_up(x, d.tap[i] * kTable, from, kSteps, sums);
        continue;
      }
      for (int step = 0; step < kSteps; step += steps) {
        look_up(x, d.tap[i] * kTable + step * kBytes, from + step * 2 * kBytes, steps, sums);
        growing.add(sums);
        clear(sums);
      }
    }
    if (steps == kSteps) growing.add(sums);
    if (growing.added > 240) {
      growing.add_to(counts, first, fresh);
      fresh = false;
      growing.clear();
    }
  }
  growing.add_to(counts, first, fresh);
}

/// The counts of one register tile; past the last pixel it is repeated.
void look_up_tile(const Lookup& d, int64_t pixel, LookupCounts& counts, int64_t first) {
  const uint8_t* x[kLookupPixels];
  for (int p = 0; p < kLookupPixels; ++p) {
    x[p] = d.tables + d.window[pixel + p < d.pixels ? pixel + p : d.pixels - 1] * kTable;
  }
  const int top = d.w_planes - 1;
  for (int plane = top; plane >= 0; --plane) {
    for (int i = 0; plane < top && i < kParts; ++i) {
      for (int64_t p = first; p < first + kLookupPixels; ++p) {
        const Sums sums = Lanes::sums_load(counts[i][p]);
        Lanes::sums_store(Lanes::sums_add(sums, sums), counts[i][p]);
      }
    }
    look_up_plane(d, x, d.w + plane * d.w_plane, counts, first, plane == top);
  }
}

void product(const Lookup& d) noexcept {
  alignas(64) LookupCounts counts;
  for (int64_t pixel = 0; pixel < d.pixels; pixel += kMany) {
    const int64_t pixels = d.pixels - pixel < kMany ? d.pixels - pixel : kMany;
    for (int64_t first = 0; first < pixels; first += kLookupPixels) {
      look_up_tile(d, pixel + first, counts, first);
    }
    for (int i = 0; i < kParts && i * kLanes < d.filters; ++i) {
      finish(d, counts[i], pixel, pixels, i * kLanes);
    }
  }
}

constexpr Kernels make_kernels(const char* name) {
  return {name, kLookupFilters, Lanes::kLookupPlanes, fill_tables, fill_index, product};
}
