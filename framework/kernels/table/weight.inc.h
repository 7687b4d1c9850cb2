// The weight gradients of every instruction set, after its steps.

/// T streams from `first` on, for four filters.
template <int T>
struct Streams {
  const uint8_t* index[T];
  const int32_t* start;
  const int32_t* term[T];

  FRACBIT_INLINE Streams of(const WeightProduct& d, int64_t first) {
    Streams s;
    s.start = d.start + first * kChannels;
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) {
      s.index[t] = d.index + d.stream[first + t];
      s.term[t] = d.term == nullptr ? nullptr : d.term + d.stream_term[first + t];
    }
    return s;
  }
};

/// Adds the blocks of [begin, end) to counts.
template <class Step, int F, int T>
FRACBIT_INLINE void count_part(const WeightProduct& d, const Bytes (&unit)[2], const uint8_t* q,
                               const uint8_t* const (&index)[T], int64_t begin, int64_t end,
                               typename Step::template Tile<F, T>& counts) {
  q += begin * d.q_block;
  for (int64_t k = begin; k < end; k += Step::kDepth, q += Step::kDepth * d.q_block) {
    Step::template weight<F, T>(d, counts, unit, q, index, d.block + k);
  }
}

/// The same; where an index has a part that counts twice, counts were 0 before.
template <class Step, int F, int T>
FRACBIT_INLINE void count_blocks(const WeightProduct& d, const Bytes (&unit)[2], const uint8_t* q,
                                 const uint8_t* const (&index)[T], int64_t begin, int64_t end,
                                 typename Step::template Tile<F, T>& counts) {
  if constexpr (Step::kTwice != 0) {
    const uint8_t* second[T];
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) second[t] = index[t] + Step::kTwice;
    count_part<Step, F, T>(d, unit, q, second, begin, end, counts);
    Step::twice(counts);
  }
  count_part<Step, F, T>(d, unit, q, index, begin, end, counts);
}

/// Adds all blocks to sums.
template <class Step, int F, int T>
FRACBIT_INLINE void count_all(const WeightProduct& d, const Bytes (&unit)[2], const uint8_t* q,
                              const uint8_t* const (&index)[T], Sums (&sums)[F][T]) {
  if constexpr (Step::kFull == 0) {
    count_blocks<Step, F, T>(d, unit, q, index, 0, d.blocks, sums);
  } else {
    for (int64_t k = 0; k < d.blocks; k += Step::kFull) {
      typename Step::template Tile<F, T> counts;
      Step::clear(counts);
      const int64_t end = d.blocks - k < Step::kFull ? d.blocks : k + Step::kFull;
      count_blocks<Step, F, T>(d, unit, q, index, k, end, counts);
      Step::add_to(sums, counts);
    }
  }
}

/// Integers of one sample.
template <class Step, int F, int T>
FRACBIT_INLINE void count_sample(const WeightProduct& d, int64_t sample, const Streams<T>& streams,
                                 const Bytes (&unit)[2], Sums (&sums)[F][T]) {
  const int32_t* start = streams.start + sample * d.start_sample;
  const uint8_t* index[T];
  FRACBIT_UNROLL
  for (int t = 0; t < T; ++t) {
    index[t] = streams.index[t] + sample * d.index_sample;
    const Sums first = Step::kSecond == 0 ? Lanes::zero() : Lanes::load_sums(start + t * kChannels);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) sums[f][t] = first;
  }
  count_all<Step>(d, unit, d.q + sample * d.q_sample, index, sums);
  if (Step::kSecond != 0) return;
  FRACBIT_UNROLL
  for (int t = 0; t < T; ++t) {
    const Sums first = Lanes::load_sums(start + t * kChannels);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) {
      sums[f][t] = Lanes::add(Lanes::multiply(sums[f][t], d.unit), first);
    }
  }
}

/// Adds the terms of the filters.
template <int F, int T>
FRACBIT_INLINE void add_terms(const WeightProduct& d, int64_t sample, const Streams<T>& streams,
                              Sums (&sums)[F][T]) {
  if (d.term == nullptr) return;
  FRACBIT_UNROLL
  for (int t = 0; t < T; ++t) {
    const int32_t* term = streams.term[t] + sample * d.term_sample;
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) sums[f][t] = Lanes::add(sums[f][t], Lanes::splat_sums(term[f]));
  }
}

/// The real sums stay in registers over all samples.
template <class Step, int T>
void weight_tile(const WeightProduct& d, int64_t first, real* to) noexcept {
  constexpr int F = kFilters;
  const Streams<T> streams = Streams<T>::of(d, first);
  const Bytes unit[2] = {Lanes::splat_bytes(d.unit), Lanes::splat_bytes(Step::kSecond * d.unit)};
  Reals sums[F][T];
  FRACBIT_UNROLL
  for (int f = 0; f < F; ++f) {
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) sums[f][t] = Lanes::load_reals(to + (f * T + t) * kChannels);
  }
  for (int64_t b = 0; b < d.samples; ++b) {
    Sums counts[F][T];
    count_sample<Step>(d, b, streams, unit, counts);
    add_terms(d, b, streams, counts);
    const Reals scale = Lanes::splat_reals(d.scale[b]);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) {
      FRACBIT_UNROLL
      for (int t = 0; t < T; ++t) {
        sums[f][t] = Lanes::multiply_add(scale, Lanes::to_reals(counts[f][t]), sums[f][t]);
      }
    }
  }
  FRACBIT_UNROLL
  for (int f = 0; f < F; ++f) {
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) {
      Lanes::store_reals(sums[f][t], kChannels, to + (f * T + t) * kChannels);
    }
  }
}

/// scale float(unit count + start + term) added to the real sums of one sample, in memory.
template <class Step, int F, int T>
FRACBIT_INLINE void finish_sample(const WeightProduct& d, int64_t sample, const Streams<T>& streams,
                                  const Sums (&counts)[F][T], real* to) {
  const int32_t* start = streams.start + sample * d.start_sample;
  const Reals scale = Lanes::splat_reals(d.scale[sample]);
  FRACBIT_UNROLL
  for (int t = 0; t < T; ++t) {
    const Sums first = Lanes::load_sums(start + t * kChannels);
    FRACBIT_UNROLL
    for (int f = 0; f < F; ++f) {
      Sums sum = Lanes::add(Lanes::multiply(counts[f][t], d.unit), first);
      if (d.term != nullptr) {
        const int32_t* term = streams.term[t] + sample * d.term_sample;
        sum = Lanes::add(sum, Lanes::splat_sums(term[f]));
      }
      real* at = to + (f * T + t) * kChannels;
      const Reals before = Lanes::load_reals(at);
      Lanes::store_reals(Lanes::multiply_add(scale, Lanes::to_reals(sum), before), kChannels, at);
    }
  }
}

/// With narrow counts there is no room for real sums in registers.
template <class Step, int T>
void narrow_tile(const WeightProduct& d, int64_t first, real* to) noexcept {
  constexpr int F = kFilters;
  const Streams<T> streams = Streams<T>::of(d, first);
  const Bytes unit[2] = {};
  for (int64_t b = 0; b < d.samples; ++b) {
    const uint8_t* index[T];
    FRACBIT_UNROLL
    for (int t = 0; t < T; ++t) index[t] = streams.index[t] + b * d.index_sample;
    const uint8_t* q = d.q + b * d.q_sample;
    if (d.blocks <= Step::kFull) {
      typename Step::template Tile<F, T> counts;
      Step::clear(counts);
      count_blocks<Step, F, T>(d, unit, q, index, 0, d.blocks, counts);
      Sums sums[F][T];
      clear(sums);
      Step::add_to(sums, counts);
      finish_sample<Step>(d, b, streams, sums, to);
    } else {
      Sums sums[F][T];
      clear(sums);
      count_all<Step>(d, unit, q, index, sums);
      finish_sample<Step>(d, b, streams, sums, to);
    }
  }
}

template <class Step, int T>
FRACBIT_INLINE void add_tile(const WeightProduct& d, int64_t first, real* to) {
  if constexpr (Step::kFull == 0) {
    weight_tile<Step, T>(d, first, to);
  } else {
    narrow_tile<Step, T>(d, first, to);
  }
}

template <class Step>
void weight(const WeightProduct& d) noexcept {
  constexpr int kStreams = Lanes::kStreams;
  real* sums = d.sums;
  int64_t stream = 0;
  for (; stream + kStreams <= d.streams; stream += kStreams) {
    add_tile<Step, kStreams>(d, stream, sums);
    sums += kStreams * kFilters * kChannels;
  }
  if (d.streams - stream == 2) add_tile<Step, 2>(d, stream, sums);
  if (d.streams - stream == 1) add_tile<Step, 1>(d, stream, sums);
}

/// The sum of one stream; four chains hide the latency of a dot product.
template <class Step>
FRACBIT_INLINE Sums stream_sum(const IndexSum& s, const uint8_t* from) {
  constexpr int kChains = Step::kFull == 0 ? 4 : 1, kTogether = kChains * Step::kDepth;
  WeightProduct d{};
  d.blocks = s.blocks, d.q_block = s.q_block, d.block = s.block;
  const Bytes unit[2] = {Lanes::splat_bytes(1), Lanes::splat_bytes(Step::kSecond)};
  const uint8_t* const index[1] = {from};
  Sums sums[kChains][1][1];
  FRACBIT_UNROLL
  for (int i = 0; i < kChains; ++i) clear(sums[i]);
  if constexpr (kChains == 1) {
    count_all<Step>(d, unit, s.q, index, sums[0]);
    return sums[0][0][0];
  } else {
    int64_t k = 0;
    for (; k + kTogether <= s.blocks; k += kTogether) {
      FRACBIT_UNROLL
      for (int i = 0; i < kChains; ++i) {
        const int64_t begin = k + i * Step::kDepth;
        count_blocks<Step, 1, 1>(d, unit, s.q, index, begin, begin + Step::kDepth, sums[i]);
      }
    }
    count_blocks<Step, 1, 1>(d, unit, s.q, index, k, s.blocks, sums[0]);
    const Sums low = Lanes::add(sums[0][0][0], sums[1][0][0]);
    return Lanes::add(low, Lanes::add(sums[2][0][0], sums[3][0][0]));
  }
}

template <class Step>
void index_sum(const IndexSum& s) noexcept {
  for (int64_t stream = 0; stream < s.streams; ++stream) {
    const auto* index = s.index == nullptr ? nullptr : s.index + s.stream[stream];  // no blocks
    const Sums sum = stream_sum<Step>(s, index);
    const Sums offset = Lanes::splat_sums(s.offset[stream]);
    Lanes::store_sums(Lanes::add(Lanes::multiply(sum, s.factor), offset),
                      s.sums + stream * kChannels);
  }
}
