// Outer products over samples.

/// factor acc + term, scaled, on top of what is in `sum`.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_sample(const Outer& d, int64_t b, int64_t lane,
                                              const Lanes::Ints (&acc)[kRows][kVectors]) {
  const int32_t* term = d.term + b * d.term_sample + lane;
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const Lanes::Ints constant = Lanes::load(term + v * Lanes::kCount);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      Lanes::Ints value = acc[r][v];
      if (d.factor == 2) value = Lanes::add(value, value);
      real* sum = d.sum + r * d.sum_step + lane + v * Lanes::kCount;
      value = Lanes::add(value, constant);
      Lanes::store_reals(sum, Lanes::fused(d.scale[b], value, Lanes::load_reals(sum)));
    }
  }
}

template <class Dot, int kRows, int kVectors>
void outer_tile(const Outer& d, int64_t lane) {
  for (int64_t b = 0; b < d.samples; ++b) {
    Lanes::Ints acc[kRows][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) acc[r][v] = Lanes::zero();
    }
    for (int64_t i = 0; i < d.lines; ++i) {
      const uint8_t* g = d.g + b * d.g_sample + i * d.g_line;
      const uint8_t* x = d.x + b * d.x_sample + i * d.x_line + lane * kGroup;
      for (int64_t k = 0; k < d.run; ++k, g += d.g_step, x += d.x_step) {
        Lanes::Ints groups[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
          groups[v] = Lanes::load(x + v * Lanes::kCount * kGroup);
        }
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const Lanes::Ints row = Lanes::broadcast(g + r * kGroup);
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) acc[r][v] = Dot::dot(acc[r][v], row, groups[v]);
        }
      }
    }
    add_sample(d, b, lane, acc);
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

/// Rows in tiles of kRows; what is left in smaller ones.
template <class Dot, int kRows>
void outer_tiles(Outer d) {
  for (; d.rows >= kRows; d.rows -= kRows) {
    outer_rows<Dot, kRows>(d);
    d.g += kRows * kGroup;
    d.sum += kRows * d.sum_step;
  }
  if constexpr (kRows > 1) outer_tiles<Dot, kRows / 2>(d);
}

template <class Dot>
void outer(const Outer& d) noexcept {
  outer_tiles<Dot, Lanes::kOuterRows>(joined(d));
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
