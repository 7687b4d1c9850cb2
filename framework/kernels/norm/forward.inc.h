// Passes of the forward direction.

template <class T>
void pool(const Run<T>& run, T* out) noexcept {
  for_channels(run.channels, [&](auto lanes, int64_t c) {
    using V = decltype(lanes);
    const auto flip = V::greater(V::splat(0), V::splat(0));
    for (int64_t p = 0; p < run.pixels; ++p) {
      V::store(Window<V, T>(run, p, c, flip).largest(), out + p * run.channels + c);
    }
  });
}

template <class V, Activation h, bool kPool, class T>
void values_of(const Run<T>& run, int64_t c, const Affine& affine, real* out) {
  const auto scale = V::load(affine.scale + c), shift = V::load(affine.shift + c);
  const auto flip = V::greater(V::splat(0), scale);
  for (int64_t p = 0; p < run.pixels; ++p) {
    const auto d = V::to_real(output_number<V, kPool>(run, p, c, flip));
    V::store(activate<V, h>(d * scale + shift), out + p * run.channels + c);
  }
}

template <class T>
void values(const Run<T>& run, const Affine& affine, Activation h, real* out) noexcept {
  with_activation(h, [&](auto is) {
    for_channels(run.channels, [&](auto lanes, int64_t c) {
      using V = decltype(lanes);
      constexpr Activation kIs = decltype(is)::kActivation;
      if (run.below == 0) {
        values_of<V, kIs, false>(run, c, affine, out);
      } else {
        values_of<V, kIs, true>(run, c, affine, out);
      }
    });
  });
}

template <class V, Activation h, bool kPool, class T>
void codes_of(const Run<T>& run, int64_t c, const Affine& affine, real top, uint16_t* out) {
  const auto scale = V::load(affine.scale + c), shift = V::load(affine.shift + c);
  const auto flip = V::greater(V::splat(0), scale);
  for (int64_t p = 0; p < run.pixels; ++p) {
    auto y = V::to_real(output_number<V, kPool>(run, p, c, flip)) * scale + shift;
    if constexpr (h == Activation::cabs) y = V::abs(y);
    // One clamp is enough: top min(1, max(0, y)) = min(top, max(0, top y)).
    V::store(V::round(V::splat(top) * y, V::splat(top)), out + p * run.channels + c);
  }
}

template <class T>
void codes(const Run<T>& run, const Affine& affine, Activation h, int32_t top,
           uint16_t* out) noexcept {
  const auto most = static_cast<real>(top);
  for_channels(run.channels, [&](auto lanes, int64_t c) {
    using V = decltype(lanes);
    constexpr Activation kClip = Activation::clip01, kAbs = Activation::cabs;
    if (h == kAbs && run.below == 0) codes_of<V, kAbs, false>(run, c, affine, most, out);
    if (h == kAbs && run.below != 0) codes_of<V, kAbs, true>(run, c, affine, most, out);
    if (h != kAbs && run.below == 0) codes_of<V, kClip, false>(run, c, affine, most, out);
    if (h != kAbs && run.below != 0) codes_of<V, kClip, true>(run, c, affine, most, out);
  });
}

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
  void read(const T* pixel, Block (&into)[kBlocks]) const {
    T padded[64];
    const T* from = pixel + first;
    if (length < 64) {
      for (int64_t i = 0; i < 64; ++i) padded[i] = i < length ? from[i] : T{0};
      from = padded;
    }
    FRACBIT_UNROLL
    for (int b = 0; b < kBlocks; ++b) into[b] = C::load(from + b * C::kCount, flip[b]);
  }

  template <bool kPool>
  void output(int64_t p, Block (&into)[kBlocks]) const {
    if constexpr (!kPool) return read(run.d + p * run.channels, into);
    read(run.d + input_offset(run, p, 0), into);
    for (int i = 1; i < 4; ++i) {
      Block other[kBlocks];
      read(run.d + input_offset(run, p, i), other);
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
uint64_t step_word(const Steps<T>& steps, int64_t at,
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
template <bool kPool, class T>
void bits_of(const Run<T>& run, const Steps<T>& steps, uint64_t* rows) {
  const int64_t plane_words = (run.channels + 63) / 64;
  for (int64_t first = 0; first < run.channels; first += 64) {
    const WordReader<T> reader(run, steps, first);
    uint64_t* word = rows + first / 64;
    for (int64_t p = 0; p < run.pixels; ++p, word += steps.planes * plane_words) {
      typename WordReader<T>::Block d[WordReader<T>::kBlocks];
      reader.template output<kPool>(p, d);
      for (int k = 0; k < steps.planes; ++k) word[k * plane_words] = 0;
      for (int j = 1; j <= steps.top; ++j) {
        const uint64_t reached = step_word(steps, (j - 1) * steps.stride + first, d);
        word[0] ^= reached;
        for (int k = 1; j % (1 << k) == 0; ++k) word[k * plane_words] ^= reached;
      }
    }
  }
}

template <class T>
void bits(const Run<T>& run, const Steps<T>& steps, uint64_t* rows) noexcept {
  if (run.below == 0) {
    bits_of<false>(run, steps, rows);
  } else {
    bits_of<true>(run, steps, rows);
  }
}
