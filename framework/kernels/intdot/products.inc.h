// The products of every instruction set. Included once by each of its files, after Lanes, inside
// that file's anonymous namespace.
//
// Lanes offers
//   Ints, Reals, kCount                      kCount 32-bit integers, as many reals; divides 16
//   kVectors, kPixels                        register tile of a product: kVectors is 1 or 2 blocks
//   kOuterRows, kOuterVectors                the register tile of an outer product
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

/// A product of fewer pixels than a tile: its last one is computed again for the others.
struct Few {
  [[gnu::noinline]] explicit Few(const Product& few) : d(few) {
    for (int64_t p = 0; p < Lanes::kPixels; ++p) {
      const int64_t from = p < few.pixels ? p : few.pixels - 1;
      window[p] = few.window[from];
      place[p] = few.place[from];
      if (few.term_row != nullptr) term_row[p] = few.term_row[from];
      if (few.scale != nullptr) scale[p] = few.scale[from * few.scale_step];
    }
    d.window = window;
    d.place = place;
    if (few.term_row != nullptr) d.term_row = term_row;
    if (few.scale != nullptr) d.scale = scale, d.scale_step = 1;
  }
  Product d;
  int64_t window[Lanes::kPixels], place[Lanes::kPixels];
  int32_t term_row[Lanes::kPixels];
  real scale[Lanes::kPixels];
};

/// Tiles of pixels. Those of the last ones overlap the tile before: the same numbers are written
/// twice.
template <class Dot, class Store, int kVectors>
void columns(const Product& d, int64_t lane) {
  int64_t p = 0;
  for (; p + Lanes::kPixels <= d.pixels; p += Lanes::kPixels) {
    tile<Dot, Store, Lanes::kPixels, kVectors>(d, p, lane);
  }
  if (p + 1 == d.pixels) {
    tile<Dot, Store, 1, kVectors>(d, p, lane);
  } else if (p < d.pixels && p > 0) {
    tile<Dot, Store, Lanes::kPixels, kVectors>(d, d.pixels - Lanes::kPixels, lane);
  } else if (p < d.pixels) {
    tile<Dot, Store, Lanes::kPixels, kVectors>(Few(d).d, 0, lane);
  }
}

template <class Dot, class Store>
void product(const Product& d) noexcept {
  constexpr int64_t kTile = Lanes::kVectors * Lanes::kCount;
  const int64_t padded = (d.lanes + kLanes - 1) / kLanes * kLanes;
  int64_t lane = 0;
  for (; lane + kTile <= padded; lane += kTile) columns<Dot, Store, Lanes::kVectors>(d, lane);
  for (; lane < padded; lane += kLanes) columns<Dot, Store, kPerBlock>(d, lane);
}
