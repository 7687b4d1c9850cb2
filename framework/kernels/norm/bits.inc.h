// Codes to planes, 64 channels at a time.

/// The first 64 channels of a run.
template <class T>
struct WordReader {
  using C = Compare<T>;
  static constexpr int kBlocks = 64 / C::kCount;
  using Block = decltype(C::load(static_cast<const T*>(nullptr), C::flip(nullptr)));
  using Flip = decltype(C::flip(nullptr));

  WordReader(const Run<T>& all, const Steps<T>& steps) : run(all) {
    for (int b = 0; b < kBlocks; ++b) flip[b] = C::flip(steps.scale + b * C::kCount);
  }

  /// Numbers of one input pixel.
  FRACBIT_INLINE void read(const T* pixel, Block (&into)[kBlocks]) const {
    FRACBIT_UNROLL
    for (int b = 0; b < kBlocks; ++b) into[b] = C::load(pixel + b * C::kCount, flip[b]);
  }

  template <bool kPool>
  FRACBIT_INLINE void output(int64_t p, Block (&into)[kBlocks]) const {
    if constexpr (!kPool) return read(run.d + p * run.channels, into);
    read(run.d + input_offset(run, p, 0), into);
    FRACBIT_UNROLL
    for (int i = 1; i < 4; ++i) {
      Block other[kBlocks];
      read(run.d + input_offset(run, p, i), other);
      FRACBIT_UNROLL
      for (int b = 0; b < kBlocks; ++b) into[b] = C::larger(into[b], other[b]);
    }
  }

  const Run<T>& run;
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

/// Codes of 2 bits.
template <class T>
FRACBIT_INLINE void write_two(const Steps<T>& steps, int64_t plane_words,
                              const typename WordReader<T>::Block (&d)[WordReader<T>::kBlocks],
                              uint64_t* word) {
  const uint64_t middle = step_word(steps, steps.stride, d);
  word[0] = step_word(steps, 0, d) ^ middle ^ step_word(steps, 2 * steps.stride, d);
  word[plane_words] = middle;
}

/// The steps of a number are ones up to its code and zeros after it, so bit k of the code is the
/// parity of those at the multiples of 2^k.
template <class T>
FRACBIT_INLINE void write_planes(const Steps<T>& steps, int64_t plane_words,
                                 const typename WordReader<T>::Block (&d)[WordReader<T>::kBlocks],
                                 uint64_t* word) {
  for (int k = 0; k < steps.planes; ++k) word[k * plane_words] = 0;
  for (int j = 1; j <= steps.top; ++j) {
    const uint64_t reached = step_word(steps, (j - 1) * steps.stride, d);
    word[0] ^= reached;
    for (int k = 1; j % (1 << k) == 0; ++k) word[k * plane_words] ^= reached;
  }
}

/// One word of each pixel, of the first 64 channels. Codes of 1 and of 2 bits are written out;
/// those of int16 have loops of their own, which keep the steps in registers.
template <bool kPool, class T>
[[gnu::noinline]] void word_column(const Run<T>& run, const Steps<T>& steps, int64_t plane_words,
                                   uint64_t* word) {
  typename WordReader<T>::Block d[WordReader<T>::kBlocks];
  const WordReader<T> reader(run, steps);
  const auto for_pixels = [&](auto write) __attribute__((always_inline)) {
    for (int64_t p = 0; p < run.pixels; ++p, word += steps.planes * plane_words) {
      reader.template output<kPool>(p, d);
      write();
    }
  };
  constexpr bool kApart = sizeof(T) == 2;
  if (kApart && steps.top == 1) {
    for_pixels([&] { word[0] = step_word(steps, 0, d); });
  } else if (kApart && steps.top == 3) {
    for_pixels([&] { write_two(steps, plane_words, d, word); });
  } else {
    for_pixels([&] {
      if (steps.top == 1) {
        word[0] = step_word(steps, 0, d);
      } else if (steps.top == 3) {
        write_two(steps, plane_words, d, word);
      } else {
        write_planes(steps, plane_words, d, word);
      }
    });
  }
}

/// Copies `bytes` of each of `pixels` pixels to pixels `to_step` bytes apart.
[[gnu::noinline]] void copy_pixels(const char* from, int64_t step, int64_t pixels, int64_t bytes,
                                   char* to, int64_t to_step) {
  for (int64_t p = 0; p < pixels; ++p, from += step, to += to_step) {
    __builtin_memcpy(to, from, static_cast<uint64_t>(bytes));
  }
}

/// The same of fewer channels: some pixels at a time are copied, with zeros after their channels.
template <bool kPool, class T>
void narrow_column(const Run<T>& run, int64_t channels, const Steps<T>& steps, int64_t plane_words,
                   uint64_t* word) {
  constexpr int64_t kPixels = 8, kRows = kPool ? 2 : 1;
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  T numbers[kRows][kRows * kPixels][64] = {};
  for (int64_t begin = 0; begin < run.pixels; begin += kPixels) {
    const int64_t count = run.pixels - begin < kPixels ? run.pixels - begin : kPixels;
    for (int64_t row = 0; row < kRows; ++row) {
      const T* from = run.d + row * run.below + begin * kRows * run.channels;
      copy_pixels(reinterpret_cast<const char*>(from), run.channels * kSize, kRows * count,
                  channels * kSize, reinterpret_cast<char*>(numbers[row]), 64 * kSize);
    }
    const Run<T> copy{numbers[0][0], kPool ? kRows * kPixels * 64 : 0, count, 64};
    word_column<kPool>(copy, steps, plane_words, word + begin * steps.planes * plane_words);
  }
}

template <class T>
void bits(const Run<T>& run, const Steps<T>& steps, uint64_t* rows) noexcept {
  with_pool(run.below != 0, [&](auto is) {
    const int64_t plane_words = (run.channels + 63) / 64;
    for (int64_t first = 0; first < run.channels; first += 64, ++rows) {
      Run<T> column = run;
      column.d += first;
      Steps<T> own = steps;
      own.above += first;
      if (own.below != nullptr) own.below += first;
      own.scale += first;
      const int64_t left = run.channels - first;
      if (left < 64) return narrow_column<is.kPool>(column, left, own, plane_words, rows);
      word_column<is.kPool>(column, own, plane_words, rows);
    }
  });
}
