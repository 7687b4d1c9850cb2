// The input gradients of every instruction set, after steps.inc.h.

template <int V>
FRACBIT_INLINE void write_pixel(const InputProduct& d, int64_t pixel, const Sums (&sums)[V]) {
  const Sums term = Lanes::splat_sums(d.pixel_term[pixel]);
  const int32_t* class_term = d.class_term + d.pixel_class[pixel] * kWord;
  const Reals scale = Lanes::splat_reals(d.scale[pixel]);
  real* y = d.y + d.result[pixel];
  FRACBIT_UNROLL
  for (int v = 0; v < V; ++v) {
    const Sums terms = Lanes::add(term, Lanes::load_sums(class_term + v * kChannels));
    const Sums sum = Lanes::add(Lanes::multiply(sums[v], d.factor), terms);
    Lanes::store_reals(Lanes::multiply(scale, Lanes::to_reals(sum)), d.channels - v * kChannels,
                       y + v * kChannels);
  }
}

/// All pixels of a call, P at a time; a short last tile repeats its last pixel.
template <class Step, int P, int V>
void input_tiles(const InputProduct& d) noexcept {
  for (int64_t pixel = 0; pixel < d.pixels; pixel += P) {
    const int64_t left = d.pixels - pixel;
    const uint8_t* at[P];
    Sums sums[P][V];
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      at[p] = d.q + d.window[pixel + (p < left ? p : left - 1)];
      FRACBIT_UNROLL
      for (int v = 0; v < V; ++v) sums[p][v] = Lanes::zero();
    }
    const uint8_t* index = d.index;
    for (int64_t k = 0; k < d.k; k += Step::kDepth, index += Step::kDepth * V * kBytes) {
      Step::template input<P, V>(sums, at, d.tap + k, index);
    }
    FRACBIT_UNROLL
    for (int p = 0; p < P; ++p) {
      if (p < left) write_pixel(d, pixel + p, sums[p]);
    }
  }
}

template <class Step>
void input(const InputProduct& d) noexcept {
  switch (d.vectors) {
    case 1:
      return input_tiles<Step, Lanes::kPixels[0], 1>(d);
    case 2:
      return input_tiles<Step, Lanes::kPixels[1], 2>(d);
    case 3:
      return input_tiles<Step, Lanes::kPixels[2], 3>(d);
    default:
      return input_tiles<Step, Lanes::kPixels[3], 4>(d);
  }
}
