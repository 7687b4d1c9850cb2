// The loops of every instruction set, over a vector type `Lanes`. Included once by each of its
// files, after Lanes, inside that file's anonymous namespace: nothing here is a linker symbol.
//
// Lanes offers
//   Word                  a vector of kCount 64-bit lanes
//   kCodePixels, kMaskPixels, kVectors      the register tile: pixels x vectors
//   load, broadcast, zero, add, sub, op_and, op_xor, op_xor_and, popcount
//   narrow(vectors, uint32_t*)              low halves of kVectors vectors

// Loops over registers must be unrolled whole, or the compilers keep them in memory.
#ifdef __clang__
#define FRACBIT_UNROLL _Pragma("unroll")
#else
#define FRACBIT_UNROLL _Pragma("GCC unroll 16")
#endif

constexpr int kLanes = Lanes::kCount * Lanes::kVectors;
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

/// sums[p][v] += counts of one pair of planes. The loop over k stays rolled: unrolled, the
/// compilers spill.
template <class Op, int P>
void count_plane(const Product& d, const int64_t* window, const uint64_t* x, const uint64_t* w,
                 Word (&sums)[P][Lanes::kVectors]) {
  const uint64_t* at[P];
  FRACBIT_UNROLL
  for (int p = 0; p < P; ++p) at[p] = x + window[p];
  for (int64_t k = 0; k < d.k; ++k, w += kFilters) {
    const int64_t tap = d.tap[k];
    Word weight[Lanes::kVectors], mask[Lanes::kVectors];
    FRACBIT_UNROLL
    for (int v = 0; v < Lanes::kVectors; ++v) {
      weight[v] = Lanes::load(w + v * Lanes::kCount);
      mask[v] = Op::kWeightMask ? Lanes::load(w + d.w_plane + v * Lanes::kCount) : weight[v];
    }
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      const Word input = Lanes::broadcast(at[p] + tap);
      const Word input_mask = Op::kInputMask ? Lanes::broadcast(at[p] + tap + d.x_plane) : input;
      FRACBIT_UNROLL
      for (int v = 0; v < Lanes::kVectors; ++v) {
        const Word bits = Op::bits(input, weight[v], input_mask, mask[v]);
        sums[p][v] = Lanes::add(sums[p][v], Lanes::popcount(bits));
      }
    }
  }
}

template <class Op>
struct OnePlane {
  static constexpr int kPixels = Lanes::kCodePixels;
  static void count(const Product& d, const int64_t* window, const uint64_t* w,
                    Word (&sums)[kPixels][Lanes::kVectors]) {
    count_plane<Op, kPixels>(d, window, d.x, w, sums);
  }
};

/// From the highest power of two down, doubling in between (Horner).
struct Codes {
  static constexpr int kPixels = Lanes::kCodePixels;
  static void count(const Product& d, const int64_t* window, const uint64_t* w,
                    Word (&sums)[kPixels][Lanes::kVectors]) {
    for (int power = d.x_planes + d.w_planes - 2; power >= 0; --power) {
      FRACBIT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        FRACBIT_UNROLL
        for (int v = 0; v < Lanes::kVectors; ++v) sums[p][v] = Lanes::add(sums[p][v], sums[p][v]);
      }
      const int first = power < d.w_planes ? 0 : power - d.w_planes + 1;
      for (int i = first; i <= power && i < d.x_planes; ++i) {
        count_plane<And, kPixels>(d, window, d.x + i * d.x_plane, w + (power - i) * d.w_plane,
                                  sums);
      }
    }
  }
};

/// Both masks are partial, so their common bits must be counted too.
struct BothMasked {
  static constexpr int kPixels = Lanes::kMaskPixels;
  static void count(const Product& d, const int64_t* window, const uint64_t* w,
                    Word (&sums)[kPixels][Lanes::kVectors]) {
    constexpr int V = Lanes::kVectors;
    const uint64_t* at[kPixels];
    Word unequal[kPixels][V];
    FRACBIT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      at[p] = d.x + window[p];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) unequal[p][v] = Lanes::zero();
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
        const Word input = Lanes::broadcast(at[p] + tap);
        const Word input_mask = Lanes::broadcast(at[p] + tap + d.x_plane);
        FRACBIT_UNROLL
        for (int v = 0; v < V; ++v) {
          const Word common = Lanes::op_and(input_mask, mask[v]);
          const Word bits = Lanes::op_xor_and(input, sign[v], common);
          sums[p][v] = Lanes::add(sums[p][v], Lanes::popcount(common));
          unequal[p][v] = Lanes::add(unequal[p][v], Lanes::popcount(bits));
        }
      }
    }
    FRACBIT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) {
        sums[p][v] = Lanes::sub(Lanes::sub(sums[p][v], unequal[p][v]), unequal[p][v]);
      }
    }
  }
};

/// The terms of a call; null ones are zeros that every pixel reads.
struct Terms {
  const int32_t* pixel;
  const int32_t* filter;
  const int32_t* row;
  int64_t pixel_step, row_step;

  Terms(const Product& d, int first)
      : pixel(d.pixel_term ? d.pixel_term : kZeros),
        filter(d.filter_term ? d.filter_term + first : kZeros),
        row(d.pixel_class && d.filter_term ? d.pixel_class : kZeros),
        pixel_step(d.pixel_term ? 1 : 0),
        row_step(row == kZeros ? 0 : 1) {}

 private:
  static constexpr int32_t kZeros[kFilters] = {};
};

/// factor C + terms for kLanes filters of one pixel. Unsigned, because sums may wrap on the way.
[[gnu::always_inline]] inline void write(const Word (&counts)[Lanes::kVectors], uint32_t factor,
                                         const Terms& terms, int64_t pixel, bool add,
                                         int32_t* out) {
  const uint32_t base = static_cast<uint32_t>(terms.pixel[pixel * terms.pixel_step]);
  const int32_t* term = terms.filter + terms.row[pixel * terms.row_step] * kFilters;
  uint32_t sums[kLanes];
  Lanes::narrow(counts, sums);
  for (int f = 0; f < kLanes; ++f) {
    sums[f] = factor * sums[f] + (base + static_cast<uint32_t>(term[f]));
  }
  if (add) {
    for (int f = 0; f < kLanes; ++f) sums[f] += static_cast<uint32_t>(out[f]);
  }
  for (int f = 0; f < kLanes; ++f) out[f] = static_cast<int32_t>(sums[f]);
}

/// All pixels of a call, a register tile at a time; a short last tile repeats its last pixel.
template <class Counter>
void product(const Product& d) noexcept {
  constexpr int P = Counter::kPixels;
  const uint32_t factor = static_cast<uint32_t>(d.factor);
  for (int first = 0; first < kFilters; first += kLanes) {
    const Terms terms(d, first);
    for (int64_t pixel = 0; pixel < d.pixels; pixel += P) {
      const int64_t left = d.pixels - pixel;
      const int64_t* window = d.window + pixel;
      int64_t last[P];
      if (left < P) {
        FRACBIT_UNROLL
        for (int p = 0; p < P; ++p) last[p] = window[p < left ? p : left - 1];
        window = last;
      }
      Word sums[P][Lanes::kVectors];
      FRACBIT_UNROLL
      for (int p = 0; p < P; ++p) {
        FRACBIT_UNROLL
        for (int v = 0; v < Lanes::kVectors; ++v) sums[p][v] = Lanes::zero();
      }
      Counter::count(d, window, d.w + first, sums);
      int32_t* out = d.out + pixel * kFilters + first;
      FRACBIT_UNROLL
      for (int p = 0; p < P; ++p) {
        if (p < left) write(sums[p], factor, terms, pixel + p, d.add, out + p * kFilters);
      }
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

constexpr Kernels make_kernels(const char* name) {
  return {name,
          product<Codes>,
          product<OnePlane<Xor>>,
          product<OnePlane<XorWeightMask>>,
          product<OnePlane<XorInputMask>>,
          product<BothMasked>,
          scale,
          combine,
          popcounts};
}
