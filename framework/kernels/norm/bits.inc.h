// Codes to planes, 64 channels at a time.

/// The 64 channels from `first` on, or those that there are.
template <class T>
struct WordReader {
  using C = Compare<T>;
  static constexpr int kBlocks = 64 / C::kCount;
  using Block = decltype(C::load(static_cast<const T*>(nullptr), C::flip(nullptr)));
  using Flip = decltype(C::flip(nullptr));

  WordReader(const Run<T>& all, const Steps<T>& steps, int64_t first_channel)
      : run(all),
        first(first_channel),
        length(all.channels - first_channel < 64 ? all.channels - first_channel : 64) {
    for (int b = 0; b < kBlocks; ++b) flip[b] = C::flip(steps.scale + first + b * C::kCount);
  }

  /// Numbers of one input pixel, zeros after the last channel.
  template <bool kWhole>
  FRACBIT_INLINE void read(const T* pixel, Block (&into)[kBlocks]) const {
    T padded[kWhole ? 1 : 64];
    const T* from = pixel + first;
    if constexpr (!kWhole) {
      for (int64_t i = 0; i < 64; ++i) padded[i] = i < length ? from[i] : T{0};
      from = padded;
    }
    FRACBIT_UNROLL
    for (int b = 0; b < kBlocks; ++b) into[b] = C::load(from + b * C::kCount, flip[b]);
  }

  template <bool kPool, bool kWhole>
  FRACBIT_INLINE void output(int64_t p, Block (&into)[kBlocks]) const {
    if constexpr (!kPool) return read<kWhole>(run.d + p * run.channels, into);
    read<kWhole>(run.d + input_offset(run, p, 0), into);
    FRACBIT_UNROLL
    for (int i = 1; i < 4; ++i) {
      Block other[kBlocks];
      read<kWhole>(run.d + input_offset(run, p, i), other);
      FRACBIT_UNROLL
      for (int b = 0; b < kBlocks; ++b) into[b] = C::larger(into[b], other[b]);
    }
  }

  const Run<T>& run;
  int64_t first;
  int64_t length;
  Flip flip[kBlocks];
};

/// One step of 64 channels.
template <class T>
FRACBIT_INLINE uint64_t
step_word(const Steps<T>& steps, int64_t at,
          const typename WordReader<T>::Block (&d)[WordReader<T>::kBlocks]) {
  using C = Compare<T>;
  uint64_t word = 0;
  FRACBIT_UNROLL
  for (int b = 0; b < WordReader<T>::kBlocks; ++b) {
    word |= C::above(d[b], steps.above + at + b * C::kCount) << (b * C::kCount % 64);
  }
  if (steps.below == nullptr) return word;
  for (int b = 0; b < WordReader<T>::kBlocks; ++b) {
    word |= C::below(d[b], steps.below + at + b * C::kCount) << (b * C::kCount % 64);
  }
  return word;
}

/// The steps of a number are ones up to its code and zeros after it, so bit k of the code is the
/// parity of those at the multiples of 2^k.
template <class T>
FRACBIT_INLINE void write_planes(const Steps<T>& steps, int64_t first, int64_t plane_words,
                                 const typename WordReader<T>::Block (&d)[WordReader<T>::kBlocks],
                                 uint64_t* word) {
  for (int k = 0; k < steps.planes; ++k) word[k * plane_words] = 0;
  for (int j = 1; j <= steps.top; ++j) {
    const uint64_t reached = step_word(steps, (j - 1) * steps.stride + first, d);
    word[0] ^= reached;
    for (int k = 1; j % (1 << k) == 0; ++k) word[k * plane_words] ^= reached;
  }
}

/// One word of each pixel. One and three steps, 1 and 2 bits, are written out.
template <bool kPool, bool kWhole, class T>
void word_column(const Run<T>& run, const Steps<T>& steps, int64_t first, uint64_t* word) {
  typename WordReader<T>::Block d[WordReader<T>::kBlocks];
  const WordReader<T> reader(run, steps, first);
  const int64_t plane_words = (run.channels + 63) / 64;
  const int64_t row = steps.planes * plane_words;
  if (steps.top == 1) {
    for (int64_t p = 0; p < run.pixels; ++p, word += row) {
      reader.template output<kPool, kWhole>(p, d);
      word[0] = step_word(steps, first, d);
    }
  } else if (steps.top == 3) {
    for (int64_t p = 0; p < run.pixels; ++p, word += row) {
      reader.template output<kPool, kWhole>(p, d);
      const uint64_t middle = step_word(steps, steps.stride + first, d);
      word[0] = step_word(steps, first, d) ^ middle ^ step_word(steps, 2 * steps.stride + first, d);
      word[plane_words] = middle;
    }
  } else {
    for (int64_t p = 0; p < run.pixels; ++p, word += row) {
      reader.template output<kPool, kWhole>(p, d);
      write_planes(steps, first, plane_words, d, word);
    }
  }
}

template <class T>
void bits(const Run<T>& run, const Steps<T>& steps, uint64_t* rows) noexcept {
  with_variant(false, run.below != 0, [&](auto is) {
    int64_t first = 0;
    for (; first + 64 <= run.channels; first += 64) {
      word_column<is.kPool, true>(run, steps, first, rows + first / 64);
    }
    if (first < run.channels) word_column<is.kPool, false>(run, steps, first, rows + first / 64);
  });
}
