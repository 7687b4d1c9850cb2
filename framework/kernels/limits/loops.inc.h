// The loops of every instruction set. Included once by each of its files, after Lanes, inside that
// file's anonymous namespace.
//
// Lanes offers
//   Reals, kReals, kRealSums     a vector of reals, how many, sums that hide the latency
//   Ints, kInts                  a vector of integers, its 64-bit words
//   kBitPixels, kBitSteps        pixels of the tile of bits, steps before counts are added up
//   kByteSums, kByteMacs         sums of byte products, multiply-accumulates of one step
//   load, broadcast, zero, add   of 64-bit words; store(Ints, uint64_t*)
//   fused(a, b, sum), first(reals)
//   count(Ints counts, Ints a, Ints b), widened(Ints counts)      popcounts of a ^ b
//   dot(sum, x, w)

void fma(const uint64_t*, int64_t rounds, uint64_t* sink) noexcept {
  Lanes::Reals sums[Lanes::kRealSums];
  const Lanes::Reals half = Lanes::splat(real{0.5});
  FRACBIT_UNROLL
  for (int i = 0; i < Lanes::kRealSums; ++i) sums[i] = Lanes::splat(static_cast<real>(i));
  for (int64_t r = 0; r < rounds; ++r) {
    FRACBIT_UNROLL
    for (int i = 0; i < Lanes::kRealSums; ++i) sums[i] = Lanes::fused(half, sums[i], half);
  }
  double total = 0;
  FRACBIT_UNROLL
  for (int i = 0; i < Lanes::kRealSums; ++i) total += static_cast<double>(Lanes::first(sums[i]));
  *sink = static_cast<uint64_t>(total);
}

/// Two vectors of filters and kBitPixels broadcast pixels, as bit products read them.
constexpr int64_t kSteps = 32;

void bits(const uint64_t* data, int64_t rounds, uint64_t* sink) noexcept {
  using Ints = Lanes::Ints;
  constexpr int kPixels = Lanes::kBitPixels;
  Ints sums[kPixels][2];
  FRACBIT_UNROLL
  for (int p = 0; p < kPixels; ++p) sums[p][0] = sums[p][1] = Lanes::zero();
  for (int64_t r = 0; r < rounds; ++r) {
    for (int64_t begin = 0; begin < kSteps; begin += Lanes::kBitSteps) {
      Ints counts[kPixels][2];
      FRACBIT_UNROLL
      for (int p = 0; p < kPixels; ++p) counts[p][0] = counts[p][1] = Lanes::zero();
      for (int64_t k = begin; k < begin + Lanes::kBitSteps; ++k) {
        const Ints w0 = Lanes::load(data + k * 2 * Lanes::kInts);
        const Ints w1 = Lanes::load(data + k * 2 * Lanes::kInts + Lanes::kInts);
        FRACBIT_UNROLL
        for (int p = 0; p < kPixels; ++p) {
          const Ints x = Lanes::broadcast(data + p * kSteps + k);
          counts[p][0] = Lanes::count(counts[p][0], x, w0);
          counts[p][1] = Lanes::count(counts[p][1], x, w1);
        }
      }
      FRACBIT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        sums[p][0] = Lanes::add(sums[p][0], Lanes::widened(counts[p][0]));
        sums[p][1] = Lanes::add(sums[p][1], Lanes::widened(counts[p][1]));
      }
    }
  }
  Ints total = Lanes::zero();
  FRACBIT_UNROLL
  for (int p = 0; p < kPixels; ++p) total = Lanes::add(total, Lanes::add(sums[p][0], sums[p][1]));
  Lanes::store(total, sink);
}

void bytes(const uint64_t* data, int64_t rounds, uint64_t* sink) noexcept {
  using Ints = Lanes::Ints;
  Ints sums[Lanes::kByteSums];
  FRACBIT_UNROLL
  for (int i = 0; i < Lanes::kByteSums; ++i) sums[i] = Lanes::zero();
  const Ints x = Lanes::load(data), w = Lanes::load(data + Lanes::kInts);
  for (int64_t r = 0; r < rounds; ++r) {
    FRACBIT_UNROLL
    for (int i = 0; i < Lanes::kByteSums; ++i) sums[i] = Lanes::dot(sums[i], x, w);
  }
  Ints total = Lanes::zero();
  FRACBIT_UNROLL
  for (int i = 0; i < Lanes::kByteSums; ++i) total = Lanes::add(total, sums[i]);
  Lanes::store(total, sink);
}

void read(const uint64_t* from, int64_t n, uint64_t* sink) noexcept {
  Lanes::Ints sums[4] = {Lanes::zero(), Lanes::zero(), Lanes::zero(), Lanes::zero()};
  for (int64_t i = 0; i < n; i += 4 * Lanes::kInts) {
    FRACBIT_UNROLL
    for (int v = 0; v < 4; ++v)
      sums[v] = Lanes::add(sums[v], Lanes::load(from + i + v * Lanes::kInts));
  }
  Lanes::store(Lanes::add(Lanes::add(sums[0], sums[1]), Lanes::add(sums[2], sums[3])), sink);
}

void copy(const uint64_t* from, int64_t n, uint64_t* to) noexcept {
  for (int64_t i = 0; i < n; i += 4 * Lanes::kInts) {
    FRACBIT_UNROLL
    for (int64_t v = i; v < i + 4 * Lanes::kInts; v += Lanes::kInts) {
      Lanes::store(Lanes::load(from + v), to + v);
    }
  }
}

constexpr Kernels make_kernels(const char* name, const Loop& table) {
  return {name,
          {Lanes::kRealSums * Lanes::kReals, fma},
          {kSteps * Lanes::kBitPixels * 2 * Lanes::kInts * 64, bits},
          {Lanes::kByteSums * Lanes::kByteMacs, bytes},
          table,
          read,
          copy};
}
