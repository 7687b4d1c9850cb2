// The loops of every instruction set, over a vector type `Lanes`. Included once by each of its
// files, after Lanes, inside that file's anonymous namespace: nothing here is a linker symbol.
//
// Lanes offers
//   Word                  a vector of kCount 64-bit lanes
//   kCodePixels, kMaskPixels, kVectors      the register tile: pixels x vectors
//   kUnroll               word positions to a round of the inner loop
//   load, broadcast, zero, add, sub, op_and, op_xor, op_xor_and, popcount
//   Sums                  kLanes 32-bit integers, with sums_load, sums_splat, sums_add,
//                         sums_mul, sums_store
//   narrow(vectors)       the low halves of kVectors vectors, as Sums
//   sums_store_narrow     to int16

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#define FRACBIT_UNROLL_4 _Pragma("unroll 4")
#define FRACBIT_UNROLL_LOOP _Pragma("unroll Lanes::kUnroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 16")
#define FRACBIT_UNROLL_4 _Pragma("GCC unroll 4")
#define FRACBIT_UNROLL_LOOP _Pragma("GCC unroll Lanes::kUnroll")
#endif

#include "fracbit/framework/kernels/bitgemm/output.inc.h"

using Word = Lanes::Word;

/// The bits to count at one word position, from a word of x and of w, and their masks.
struct And {
  static constexpr bool kWeightMask = false, kInputMask = false;
  static Word bits(Word x, Word w, Word, Word) { return Lanes::op_and(x, w); }
};
struct Xor {
  static constexpr bool kWeightMask = false, kInputMask = false;
  static Word bits(Word x, Word w, Word, Word) { return Lanes::op_xor(x, w); }
};
struct XorWeightMask {
  static constexpr bool kWeightMask = true, kInputMask = false;
  static Word bits(Word x, Word w, Word, Word wm) { return Lanes::op_xor_and(x, w, wm); }
};
struct XorInputMask {
  static constexpr bool kWeightMask = false, kInputMask = true;
  static Word bits(Word x, Word w, Word xm, Word) { return Lanes::op_xor_and(x, w, xm); }
};

/// Where the windows of a register tile start.
template <int P>
struct Tile {
  const uint64_t* at[P];

  explicit Tile(const uint64_t* x, const int64_t* window) {
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) at[p] = x + window[p];
  }
};

template <int P>
using Counts = Word[P][Lanes::kVectors];

/// counts (+)= those of one pair of planes at one word position; `word` is that of x.
template <class Op, bool kAdd, int P>
[[gnu::always_inline]] inline void count_word(const Product& d, const Tile<P>& x, int64_t word,
                                              const uint64_t* w, Counts<P>& counts) {
  Word weight[Lanes::kVectors], mask[Lanes::kVectors];
  FRACBIT_UNROLL
  for (int v = 0; v < Lanes::kVectors; ++v) {
    weight[v] = Lanes::load(w + v * Lanes::kCount);
    mask[v] = Op::kWeightMask ? Lanes::load(w + d.w_plane + v * Lanes::kCount) : weight[v];
  }
  FRACBIT_UNROLL
  for (int p = 0; p < P; ++p) {
    const Word input = Lanes::broadcast(x.at[p] + word);
    const Word input_mask = Op::kInputMask ? Lanes::broadcast(x.at[p] + word + d.x_plane) : input;
    FRACBIT_UNROLL
    for (int v = 0; v < Lanes::kVectors; ++v) {
      const Word count = Lanes::popcount(Op::bits(input, weight[v], input_mask, mask[v]));
      counts[p][v] = kAdd ? Lanes::add(counts[p][v], count) : count;
    }
  }
}

/// The same at all word positions, at most two to a round: unrolled whole, the compilers spill.
template <class Op, bool kAdd, int P>
[[gnu::always_inline]] inline void count_plane(const Product& d, const Tile<P>& x, int64_t plane,
                                               const uint64_t* w, Counts<P>& counts) {
  const int64_t* tap = d.tap;
  const int64_t* end = tap + d.k;
  if (!kAdd) {
    count_word<Op, false>(d, x, *tap++ + plane, w, counts);
    w += kFilters;
  }
  FRACBIT_UNROLL_LOOP
  for (; tap != end; ++tap, w += kFilters) {
    count_word<Op, true>(d, x, *tap + plane, w, counts);
  }
}

template <class Op>
struct OnePlane {
  static constexpr int kPixels = Lanes::kCodePixels;
  [[gnu::always_inline]] static void count(const Product& d, const Tile<kPixels>& x,
                                           const uint64_t* w, Counts<kPixels>& counts) {
    count_plane<Op, false>(d, x, 0, w, counts);
  }
};

/// From the highest power of two down, doubling in between (Horner).
template <class Op>
struct Codes {
  static constexpr int kPixels = Lanes::kCodePixels;
  [[gnu::always_inline]] static void count(const Product& d, const Tile<kPixels>& x,
                                           const uint64_t* w, Counts<kPixels>& counts) {
    int power = d.x_planes + d.w_planes - 2;
    count_plane<Op, false>(d, x, (d.x_planes - 1) * d.x_plane, w + (d.w_planes - 1) * d.w_plane,
                           counts);
    while (--power >= 0) {
      FRACBIT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        FRACBIT_UNROLL
        for (int v = 0; v < Lanes::kVectors; ++v)
          counts[p][v] = Lanes::add(counts[p][v], counts[p][v]);
      }
      const int first = power < d.w_planes ? 0 : power - d.w_planes + 1;
      for (int i = first; i <= power && i < d.x_planes; ++i) {
        count_plane<Op, true>(d, x, i * d.x_plane, w + (power - i) * d.w_plane, counts);
      }
    }
  }
};

/// Both masks are partial, so their common bits must be counted too.
struct BothMasked {
  static constexpr int kPixels = Lanes::kMaskPixels;
  [[gnu::always_inline]] static void count(const Product& d, const Tile<kPixels>& x,
                                           const uint64_t* w, Counts<kPixels>& counts) {
    constexpr int V = Lanes::kVectors;
    Counts<kPixels> unequal;
    FRACBIT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) counts[p][v] = unequal[p][v] = Lanes::zero();
    }
    for (int64_t k = 0; k < d.k; ++k, w += kFilters) {
      const int64_t tap = d.tap[k];
      Word sign[V], mask[V];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        sign[v] = Lanes::load(w + v * Lanes::kCount);
        mask[v] = Lanes::load(w + d.w_plane + v * Lanes::kCount);
      }
      FRACBIT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const Word input = Lanes::broadcast(x.at[p] + tap);
        const Word input_mask = Lanes::broadcast(x.at[p] + tap + d.x_plane);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) {
          const Word common = Lanes::op_and(input_mask, mask[v]);
          const Word bits = Lanes::op_xor_and(input, sign[v], common);
          counts[p][v] = Lanes::add(counts[p][v], Lanes::popcount(common));
          unequal[p][v] = Lanes::add(unequal[p][v], Lanes::popcount(bits));
        }
      }
    }
    FRACBIT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        counts[p][v] = Lanes::sub(Lanes::sub(counts[p][v], unequal[p][v]), unequal[p][v]);
      }
    }
  }
};

/// Fetches the lines that a tile will be written to, while it is computed.
template <int P>
[[gnu::always_inline]] inline void prefetch(const Output& o, int64_t pixel) {
  const int64_t step = o.out_step << (o.narrow ? 1 : 2);
  const char* out = static_cast<const char*>(o.out) + pixel * step;
  FRACBIT_UNROLL
  for (int p = 0; p < P; ++p) __builtin_prefetch(out + p * step, 1);
}

/// counts = those of one register tile; past the last pixel it is repeated.
template <class Counter, int P>
[[gnu::always_inline]] inline void tile(const Product& d, int64_t pixel, const uint64_t* w,
                                        int32_t (*counts)[kLanes]) {
  const int64_t left = d.pixels - pixel;
  const int64_t* window = d.window + pixel;
  int64_t last[P];
  if (left < P) {
    for (int p = 0; p < P; ++p) last[p] = window[p < left ? p : left - 1];
    window = last;
  }
  prefetch<P>(d, pixel);
  Counts<P> vectors;
  Counter::count(d, Tile<P>(d.x, window), w, vectors);
  FRACBIT_UNROLL
  for (int p = 0; p < P; ++p) Lanes::sums_store(Lanes::narrow(vectors[p]), counts[p]);
}

/// counts = those of kLanes filters from `first` on at consecutive pixels, in whole tiles.
template <class Counter>
[[gnu::noinline]] void count_tiles(const Product& d, int64_t pixel, int64_t pixels, int first,
                                   int32_t (*counts)[kLanes]) {
  constexpr int P = Counter::kPixels;
  for (int64_t p = 0; p < pixels; p += P) {
    tile<Counter, P>(d, pixel + p, d.w + first, counts + p);
  }
}

/// All pixels of a call. Counts of many tiles are completed together: at once after each tile, the
/// processor would wait for its last sums.
template <class Counter>
void product(const Product& d) noexcept {
  constexpr int64_t kMany = 64 / Counter::kPixels * Counter::kPixels;
  alignas(64) int32_t counts[kMany][kLanes];
  for (int first = 0; first < d.filters; first += kLanes) {
    for (int64_t pixel = 0; pixel < d.pixels; pixel += kMany) {
      const int64_t pixels = d.pixels - pixel < kMany ? d.pixels - pixel : kMany;
      count_tiles<Counter>(d, pixel, pixels, first, counts);
      finish(d, counts, pixel, pixels, first);
    }
  }
}

[[gnu::always_inline]] inline void write_filters(const real (&values)[kFilters], int filters,
                                                 real* y) {
  if (filters == kFilters) {
    for (int f = 0; f < kFilters; ++f) y[f] = values[f];
  } else {
    for (int f = 0; f < filters; ++f) y[f] = values[f];
  }
}

void scale(const Epilogue& e) noexcept {
  real w_scale[kFilters];
  for (int f = 0; f < kFilters; ++f) w_scale[f] = e.w_scale[f];
  for (int64_t p = 0; p < e.pixels; ++p) {
    const real x_scale = e.x_scale[p * e.x_scale_step];
    const int32_t* sums = e.sums + p * kFilters;
    real values[kFilters];
    for (int f = 0; f < kFilters; ++f) {
      values[f] = (x_scale * w_scale[f]) * static_cast<real>(sums[f]);
    }
    write_filters(values, e.filters, e.y + p * e.y_step);
  }
}

void combine(const Epilogue& e) noexcept {
  const int64_t plane = e.pixels * kFilters;
  for (int64_t p = 0; p < e.pixels; ++p) {
    const real* x_scale = e.x_scale + p * e.x_scale_step;
    const int32_t* sums = e.sums + p * kFilters;
    double total[kFilters] = {};
    for (int n = 0; n < e.w_terms; ++n) {
      double inner[kFilters] = {};
      for (int m = 0; m < e.x_terms; ++m, sums += plane) {
        const double nu = x_scale[m];
        for (int f = 0; f < kFilters; ++f) inner[f] += nu * sums[f];
      }
      for (int f = 0; f < kFilters; ++f) {
        total[f] += static_cast<double>(e.w_scale[n * kFilters + f]) * inner[f];
      }
    }
    real values[kFilters];
    for (int f = 0; f < kFilters; ++f) values[f] = static_cast<real>(total[f]);
    write_filters(values, e.filters, e.y + p * e.y_step);
  }
}

void popcounts(const uint64_t* words, int64_t n, int32_t* counts) noexcept {
  for (int64_t i = 0; i < n; ++i) counts[i] = Lanes::popcount_word(words[i]);
}

#include "fracbit/framework/kernels/bitgemm/terms.inc.h"

void signs(const Product& d) noexcept {
  Product one = d;
  one.w_planes = 1;
  (one.x_planes == 1 ? product<OnePlane<Xor>> : product<Codes<Xor>>)(one);
}

constexpr Kernels make_kernels(const char* name) {
  return {.name = name,
          .codes = product<Codes<And>>,
          .signs = signs,
          .weight_masked = product<OnePlane<XorWeightMask>>,
          .input_masked = product<OnePlane<XorInputMask>>,
          .both_masked = product<BothMasked>,
          .scale = scale,
          .combine = combine,
          .terms = terms,
          .popcounts = popcounts};
}
