// The loops of every instruction set. Included once by each of its files, after Lanes, inside that
// file's anonymous namespace.
//
// Lanes offers
//   Ints, Reals, kCount                      kCount 32-bit integers, as many reals; divides 16
//   kVectors, kPixels                        register tile of a product: kVectors is 1 or 2 blocks
//   kOuterVectors                            vectors of an outer product
//   load(const void*), broadcast(const void*), zero, add, times(Ints, int32_t)
//   dot_bytes(acc, x, w), dot_words(acc, x, w)
//   store(int32_t*, Ints, count)             the first count lanes, 1 .. kCount
//   store_scaled(real*, Ints, real, count)   scale real(lane)
//   load_reals, store_reals, fused(real scale, Ints, Reals)   fma(scale, real(lane), sum)

struct Bytes {
  static constexpr int32_t kOnes = 0x01010101;
  static Lanes::Ints dot(Lanes::Ints acc, Lanes::Ints x, Lanes::Ints w) {
    return Lanes::dot_bytes(acc, x, w);
  }
};
struct Words {
  static constexpr int32_t kOnes = 0x00010001;
  static Lanes::Ints dot(Lanes::Ints acc, Lanes::Ints x, Lanes::Ints w) {
    return Lanes::dot_words(acc, x, w);
  }
};

constexpr int kPerBlock = kLanes / Lanes::kCount;

/// Where vector v of lanes starts within the groups of its blocks.
constexpr int64_t vector_offset(int64_t block_bytes, int v) {
  return v / kPerBlock * block_bytes + v % kPerBlock * Lanes::kCount * kGroup;
}

/// D of `first` and the pixels after it, vectors from `lane` on.
template <class Dot, int kPixels, int kVectors>
[[gnu::always_inline]] inline void accumulate(const Product& d, int64_t first, int64_t lane,
                                              Lanes::Ints (&acc)[kPixels][kVectors]) {
  const int64_t block_bytes = d.taps * d.run * kBlock;
  const uint8_t* x[kPixels];
  const uint8_t* w = d.w + vector_offset(block_bytes, static_cast<int>(lane / Lanes::kCount));
  for (int p = 0; p < kPixels; ++p) {
    x[p] = d.x + d.window[first + p];
    for (int v = 0; v < kVectors; ++v) acc[p][v] = Lanes::zero();
  }
  for (int64_t t = 0; t < d.taps; ++t) {
    const int64_t begin = d.tap[t];
    const int64_t end = begin + d.run * kGroup;
    for (int64_t at = begin; at < end; at += kGroup, w += kBlock) {
      Lanes::Ints filters[kVectors];
      for (int v = 0; v < kVectors; ++v)
        filters[v] = Lanes::load(w + vector_offset(block_bytes, v));
      for (int p = 0; p < kPixels; ++p) {
        const Lanes::Ints group = Lanes::broadcast(x[p] + at);
        for (int v = 0; v < kVectors; ++v) acc[p][v] = Dot::dot(acc[p][v], group, filters[v]);
      }
    }
  }
}

struct StoreIntegers {
  static void put(const Product& d, int64_t pixel, int64_t lane, Lanes::Ints value, int count) {
    Lanes::store(d.out + d.place[pixel] + lane, value, count);
  }
};
struct StoreScaled {
  static void put(const Product& d, int64_t pixel, int64_t lane, Lanes::Ints value, int count) {
    Lanes::store_scaled(d.y + d.place[pixel] + lane, value, d.scale[pixel * d.scale_step], count);
  }
};

template <class Dot, class Store, int kPixels, int kVectors>
[[gnu::noinline]] void tile(const Product& d, int64_t first, int64_t lane) {
  Lanes::Ints acc[kPixels][kVectors];
  accumulate<Dot>(d, first, lane, acc);
  for (int p = 0; p < kPixels; ++p) {
    const int64_t row = d.term_row == nullptr ? 0 : d.term_row[first + p];
    const int32_t* term = d.term + row * d.term_step + lane;
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = lane + v * Lanes::kCount;
      if (at >= d.lanes) break;
      Lanes::Ints value = acc[p][v];
      if (d.factor == 2) value = Lanes::add(value, value);
      value = Lanes::add(value, Lanes::load(term + v * Lanes::kCount));
      const int64_t left = d.lanes - at;
      Store::put(d, first + p, at, value,
                 left < Lanes::kCount ? static_cast<int>(left) : Lanes::kCount);
    }
  }
}

template <class Dot, class Store, int kVectors>
void columns(const Product& d, int64_t lane) {
  int64_t p = 0;
  for (; p + Lanes::kPixels <= d.pixels; p += Lanes::kPixels) {
    tile<Dot, Store, Lanes::kPixels, kVectors>(d, p, lane);
  }
  for (; p + 2 <= d.pixels; p += 2) tile<Dot, Store, 2, kVectors>(d, p, lane);
  if (p < d.pixels) tile<Dot, Store, 1, kVectors>(d, p, lane);
}

template <class Dot, class Store>
void product(const Product& d) noexcept {
  constexpr int64_t kTile = Lanes::kVectors * Lanes::kCount;
  const int64_t padded = (d.lanes + kLanes - 1) / kLanes * kLanes;
  int64_t lane = 0;
  for (; lane + kTile <= padded; lane += kTile) columns<Dot, Store, Lanes::kVectors>(d, lane);
  for (; lane < padded; lane += kLanes) columns<Dot, Store, kPerBlock>(d, lane);
}

template <class Dot, int kRows, int kVectors>
void outer_tile(const Outer& d, int64_t lane) {
  Lanes::Reals sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = Lanes::load_reals(d.sum + r * d.sum_step + lane + v * Lanes::kCount);
    }
  }
  for (int64_t b = 0; b < d.samples; ++b) {
    Lanes::Ints acc[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) acc[r][v] = Lanes::zero();
    }
    for (int64_t i = 0; i < d.lines; ++i) {
      const uint8_t* g = d.g + b * d.g_sample + i * d.g_line;
      const uint8_t* x = d.x + b * d.x_sample + i * d.x_line + lane * kGroup;
      for (int64_t k = 0; k < d.run; ++k, g += d.g_step, x += d.x_step) {
        Lanes::Ints groups[kVectors];
        for (int v = 0; v < kVectors; ++v) {
          groups[v] = Lanes::load(x + v * Lanes::kCount * kGroup);
        }
        for (int r = 0; r < kRows; ++r) {
          const Lanes::Ints row = Lanes::broadcast(g + r * kGroup);
          for (int v = 0; v < kVectors; ++v) acc[r][v] = Dot::dot(acc[r][v], row, groups[v]);
        }
      }
    }
    const int32_t* term = d.term + b * d.term_sample + lane;
    for (int v = 0; v < kVectors; ++v) {
      const Lanes::Ints constant = Lanes::load(term + v * Lanes::kCount);
      for (int r = 0; r < kRows; ++r) {
        Lanes::Ints value = acc[r][v];
        if (d.factor == 2) value = Lanes::add(value, value);
        sum[r][v] = Lanes::fused(d.scale[b], Lanes::add(value, constant), sum[r][v]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      Lanes::store_reals(d.sum + r * d.sum_step + lane + v * Lanes::kCount, sum[r][v]);
    }
  }
}

template <class Dot, int kRows>
void outer_rows(const Outer& d) {
  constexpr int64_t kTile = Lanes::kOuterVectors * Lanes::kCount;
  int64_t lane = 0;
  for (; lane + kTile <= d.lanes; lane += kTile) {
    outer_tile<Dot, kRows, Lanes::kOuterVectors>(d, lane);
  }
  for (; lane + 2 * Lanes::kCount <= d.lanes; lane += 2 * Lanes::kCount) {
    outer_tile<Dot, kRows, 2>(d, lane);
  }
  for (; lane < d.lanes; lane += Lanes::kCount) outer_tile<Dot, kRows, 1>(d, lane);
}

/// Lines that follow each other without a gap are one line.
Outer joined(Outer d) {
  if (d.g_line == d.run * d.g_step && d.x_line == d.run * d.x_step) {
    d.run *= d.lines;
    d.lines = 1;
  }
  return d;
}

template <class Dot>
void outer(const Outer& lines) noexcept {
  const Outer d = joined(lines);
  switch (d.rows) {
    case 1:
      return outer_rows<Dot, 1>(d);
    case 2:
      return outer_rows<Dot, 2>(d);
    case 3:
      return outer_rows<Dot, 3>(d);
    default:
      return outer_rows<Dot, kOuterRows>(d);
  }
}

template <class Dot>
void sums(const Outer& d, int32_t multiple, int32_t* to) noexcept {
  const Lanes::Ints ones = Lanes::broadcast(&Dot::kOnes);
  for (int64_t b = 0; b < d.samples; ++b) {
    for (int64_t lane = 0; lane < d.lanes; lane += Lanes::kCount) {
      Lanes::Ints acc = Lanes::zero();
      for (int64_t i = 0; i < d.lines; ++i) {
        const uint8_t* x = d.x + b * d.x_sample + i * d.x_line + lane * kGroup;
        for (int64_t k = 0; k < d.run; ++k, x += d.x_step)
          acc = Dot::dot(acc, ones, Lanes::load(x));
      }
      Lanes::store(to + b * d.term_sample + lane, Lanes::times(acc, multiple), Lanes::kCount);
    }
  }
}

/// The last, incomplete block of an interleaving.
template <typename T, int kRows>
void interleave_rest(const T* const* from, int64_t begin, int64_t n, uint8_t* to) {
  T* out = reinterpret_cast<T*>(to);
  for (int64_t i = 0; i < kLanes; ++i) {
    for (int j = 0; j < kRows; ++j) {
      out[i * kRows + j] = begin + i < n ? from[j][begin + i] : T{0};
    }
  }
}

void interleave_bytes(const uint8_t* const* from, int64_t n, uint8_t* to,
                      int64_t block_step) noexcept {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes, to += block_step) {
    Lanes::interleave_bytes(from[0] + i, from[1] + i, from[2] + i, from[3] + i, to);
  }
  if (i < n) interleave_rest<uint8_t, 4>(from, i, n, to);
}

void interleave_words(const int16_t* const* from, int64_t n, uint8_t* to,
                      int64_t block_step) noexcept {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes, to += block_step) {
    Lanes::interleave_words(from[0] + i, from[1] + i, to);
  }
  if (i < n) interleave_rest<int16_t, 2>(from, i, n, to);
}

constexpr Kernels make_kernels(const char* name, bool fast_bytes) {
  return {name,
          fast_bytes,
          {product<Bytes, StoreIntegers>, product<Bytes, StoreScaled>, outer<Bytes>, sums<Bytes>},
          {product<Words, StoreIntegers>, product<Words, StoreScaled>, outer<Words>, sums<Words>},
          interleave_bytes,
          interleave_words};
}
