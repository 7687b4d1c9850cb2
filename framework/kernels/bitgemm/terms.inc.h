// Sums of scaled products of signs. Included by loops.inc.h, after its tiles.

/// Pixels whose sums stay in the first cache.
constexpr int64_t kTermPixels = 32 / Lanes::kCodePixels * Lanes::kCodePixels;

// Vectors of the compilers, of as many numbers as a vector has lanes; in loops over arrays they
// find worse ones.
using TermIntegers [[gnu::vector_size(4 * Lanes::kCount)]] = int32_t;
using TermReals [[gnu::vector_size(sizeof(real) * Lanes::kCount)]] = real;
using TermDoubles [[gnu::vector_size(8 * Lanes::kCount)]] = double;
using TermSums = TermDoubles[kTermPixels][Lanes::kVectors];

template <class To>
[[gnu::always_inline]] inline To load_as(const void* from) {
  To to;
  __builtin_memcpy(&to, from, sizeof to);
  return to;
}

[[gnu::always_inline]] inline TermDoubles to_doubles(TermIntegers numbers) {
#ifdef __AVX512F__
  // GCC would convert them in halves.
  return _mm512_cvtepi32_pd(reinterpret_cast<__m256i>(numbers));
#else
  return __builtin_convertvector(numbers, TermDoubles);
#endif
}

/// inner (+)= nu D, for the pixels from `pixel` and filters from `first` on.
template <bool kAdd>
[[gnu::always_inline]] inline void add_pair(const TermProduct& t, const int32_t* filter_term,
                                            double nu, int64_t pixel, int64_t pixels,
                                            const int32_t (&counts)[kTermPixels][kLanes],
                                            TermSums& inner) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int32_t* term = filter_term + t.pixel_class[pixel + p];
    FRACBIT_UNROLL
    for (int v = 0; v < Lanes::kVectors; ++v) {
      const TermIntegers count = load_as<TermIntegers>(counts[p] + v * Lanes::kCount);
      const TermIntegers d = load_as<TermIntegers>(term + v * Lanes::kCount) - (count + count);
      const TermDoubles scaled = to_doubles(d) * nu;
      inner[p][v] = kAdd ? inner[p][v] + scaled : scaled;
    }
  }
}

/// total = scale inner + total, or + 0.
template <bool kAdd>
[[gnu::always_inline]] inline void add_term(const real* scale, int64_t pixels,
                                            const TermSums& inner, TermSums& total) {
  FRACBIT_UNROLL
  for (int v = 0; v < Lanes::kVectors; ++v) {
    const TermDoubles mu =
        __builtin_convertvector(load_as<TermReals>(scale + v * Lanes::kCount), TermDoubles);
    for (int64_t p = 0; p < pixels; ++p) {
      total[p][v] = mu * inner[p][v] + (kAdd ? total[p][v] : TermDoubles{});
    }
  }
}

[[gnu::always_inline]] inline void store_reals(const TermSums& total, int64_t pixels, int filters,
                                               real* y, int64_t y_step) {
  for (int64_t p = 0; p < pixels; ++p, y += y_step) {
    for (int v = 0; v < Lanes::kVectors; ++v) {
      const TermReals rounded = __builtin_convertvector(total[p][v], TermReals);
      const int left = filters - v * Lanes::kCount;
      if (left >= Lanes::kCount) {
        __builtin_memcpy(y + v * Lanes::kCount, &rounded, sizeof rounded);
      } else {
        for (int f = 0; f < left; ++f) y[v * Lanes::kCount + f] = rounded[f];
      }
    }
  }
}

void term_tile(const TermProduct& t, Product& d, int64_t pixel, int64_t pixels, int first) {
  alignas(64) int32_t counts[kTermPixels][kLanes];
  TermSums inner, total;
  d.out = counts;
  for (int n = 0; n < t.w_terms; ++n) {
    const TermPair* pair = t.pairs + n * t.x_terms;
    if (pair->k == 0) continue;
    for (int m = 0; m < t.x_terms && pair->k > 0; ++m, ++pair) {
      d.tap = pair->tap;
      d.k = pair->k;
      d.w = pair->w;
      d.w_plane = pair->k * kFilters;
      const auto count =
          pair->masked ? count_tiles<OnePlane<XorWeightMask>> : count_tiles<OnePlane<Xor>>;
      count(d, pixel, pixels, first, counts);
      const int32_t* term = pair->filter_term + first;
      if (m == 0) {
        add_pair<false>(t, term, t.x_scale[m], pixel, pixels, counts, inner);
      } else {
        add_pair<true>(t, term, t.x_scale[m], pixel, pixels, counts, inner);
      }
    }
    const real* scale = t.w_scale + n * kFilters + first;
    if (n == 0) {
      add_term<false>(scale, pixels, inner, total);
    } else {
      add_term<true>(scale, pixels, inner, total);
    }
  }
  store_reals(total, pixels, t.filters - first, t.y + pixel * t.y_step + first, t.y_step);
}

void terms(const TermProduct& t) noexcept {
  Product d{};
  d.x = t.x;
  d.window = t.window;
  d.pixels = t.pixels;
  for (int first = 0; first < t.filters; first += kLanes) {
    for (int64_t pixel = 0; pixel < t.pixels; pixel += kTermPixels) {
      const int64_t left = t.pixels - pixel;
      term_tile(t, d, pixel, left < kTermPixels ? left : kTermPixels, first);
    }
  }
}
