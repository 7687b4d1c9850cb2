// Sums of int16 numbers and of their squares, two pixels at a time. PairSums offers kChannels,
// load, zero, add and flush.

/// Pairs of pixels whose squares fit 32 bits without sign, and whose sums fit 32 bits.
int64_t pairs_per_run(int64_t most) {
  constexpr int64_t kMostPairs = 1 << 14;
  const int64_t pairs = 0xffffffff / (2 * most * most);
  return pairs < kMostPairs ? pairs : kMostPairs;
}

/// Squares fill `low` alone: 64 bits hold them.
void pair_sums(const int16_t* d, int64_t pixels, int64_t channels, int64_t most, int64_t* sums_of,
               int64_t* low, int64_t*) noexcept {
  const int64_t run = 2 * pairs_per_run(most);
  int64_t c = 0;
  for (; c + PairSums::kChannels <= channels; c += PairSums::kChannels) {
    PairSums total;
    const int16_t* at = d + c;
    for (int64_t begin = 0; begin < pixels; begin += run) {
      const int64_t end = pixels < begin + run ? pixels : begin + run;
      int64_t p = begin;
      for (; p + 2 <= end; p += 2, at += 2 * channels) {
        total.add(PairSums::load(at), PairSums::load(at + channels));
      }
      if (p < end) total.add(PairSums::load(at), PairSums::zero());
      PairSums::flush<false>(total.square, low + c);
      PairSums::flush<true>(total.sum, sums_of + c);
    }
  }
  for (int64_t p = 0; p < pixels; ++p, d += channels) {
    for (int64_t rest = c; rest < channels; ++rest) {
      const int32_t number = d[rest];
      sums_of[rest] += number;
      low[rest] += int64_t{number} * number;
    }
  }
}

constexpr Kernels make_vector_kernels(const char* name) {
  Kernels kernels = make_kernels(name);
  kernels.int16.sums = pair_sums;
  return kernels;
}
