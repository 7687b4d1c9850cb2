// The input gradients of every instruction set, after its steps.

template <int V>
FRACBIT_INLINE void write_pixel(const InputProduct& d, int64_t pixel, int first,
                                const Sums (&sums)[V]) {
  const Sums term = Lanes::splat_sums(d.pixel_term[pixel]);
  const int32_t* class_term = d.class_term + d.pixel_class[pixel] * kWord;
  const Reals scale = Lanes::splat_reals(d.scale[pixel]);
  real* y = d.y + d.result[pixel];
  FRACBIT_UNROLL
  for (int v = 0; v < V; ++v) {
    const int channel = (first + v) * kChannels;
    const Sums terms = Lanes::add(term, Lanes::load_sums(class_term + channel));
    const Sums sum = Lanes::add(Lanes::multiply(sums[v], d.factor), terms);
    Lanes::store_reals(Lanes::multiply(scale, Lanes::to_reals(sum)), d.channels - channel,
                       y + channel);
  }
}

/// Adds the steps of [begin, end) to counts. A step reads V of the vectors of an index.
template <class Step, int P, int V>
FRACBIT_INLINE void count_steps(const InputProduct& d, const uint8_t* const (&at)[P], int64_t begin,
                                int64_t end, const uint8_t* index,
                                typename Step::template Tile<P, V>& counts) {
  const int64_t bytes = d.vectors * index_bytes(Step::kMethod);
  index += begin * bytes;
  for (int64_t k = begin; k < end; k += Step::kDepth, index += Step::kDepth * bytes) {
    Step::template input<P, V>(counts, at, d.tap + k, index, bytes);
  }
}

/// The sums of P pixels.
template <class Step, int P, int V>
FRACBIT_INLINE void count_pixels(const InputProduct& d, const uint8_t* const (&at)[P],
                                 const uint8_t* index, Sums (&sums)[P][V]) {
  clear(sums);
  if constexpr (Step::kFull == 0) {
    count_steps<Step, P, V>(d, at, 0, d.k, index, sums);
  } else {
    for (int64_t k = 0; k < d.k; k += Step::kFull) {
      typename Step::template Tile<P, V> counts;
      Step::clear(counts);
      const int64_t end = d.k - k < Step::kFull ? d.k : k + Step::kFull;
      count_steps<Step, P, V>(d, at, k, end, index, counts);
      Step::add_to(sums, counts);
    }
  }
}

/// All pixels of a call and V vectors from `first` on, P pixels at a time; a short last tile
/// repeats its last pixel.
template <class Step, int V>
void input_tiles(const InputProduct& d, int first) noexcept {
  constexpr int P = Lanes::kPixels[V - 1];
  const bool empty = d.k == 0;  // without codes there may be neither tables nor index
  const uint8_t* index = empty ? nullptr : d.index + first * index_bytes(Step::kMethod);
  for (int64_t pixel = 0; pixel < d.pixels; pixel += P) {
    const int64_t left = d.pixels - pixel;
    const uint8_t* at[P];
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      at[p] = empty ? nullptr : d.q + d.window[pixel + (p < left ? p : left - 1)];
    }
    Sums sums[P][V];
    count_pixels<Step>(d, at, index, sums);
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      if (p < left) write_pixel(d, pixel + p, first, sums[p]);
    }
  }
}

/// What is left of the vectors from `first` on, at most V.
template <class Step, int V>
void input_vectors(const InputProduct& d, int first) noexcept {
  if constexpr (V > 1) {
    if (d.vectors - first < V) return input_vectors<Step, V - 1>(d, first);
  }
  input_tiles<Step, V>(d, first);
}

template <class Step>
void input(const InputProduct& d) noexcept {
  constexpr int kMost = sizeof(Lanes::kPixels) / sizeof(Lanes::kPixels[0]);
  for (int first = 0; first < d.vectors; first += kMost) input_vectors<Step, kMost>(d, first);
}
