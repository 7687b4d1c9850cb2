// Passes of the backward direction.

template <class T>
void unpool(const Run<T>& run, const real* dy, real* dx) noexcept {
  for_channels(run.channels, [&](auto lanes, int64_t c) {
    using V = decltype(lanes);
    const auto flip = V::greater(V::splat(0), V::splat(0));
    for (int64_t p = 0; p < run.pixels; ++p) {
      const FirstLargest<V, T> first(Window<V, T>(run, p, c, flip));
      const auto g = V::load(dy + p * run.channels + c);
      FRACBIT_UNROLL
      for (int i = 0; i < 4; ++i) {
        V::store(V::keep(first.is[i], g), dx + input_offset(run, p, i) + c);
      }
    }
  });
}

template <class V, Activation h, bool kPool, class T>
void gradient_sums_of(const Run<T>& run, int64_t c, const Affine& affine, const real* centre,
                      const real* dout, double* sum, double* product) {
  using Real = typename V::Real;
  const Real scale = V::load(affine.scale + c), shift = V::load(affine.shift + c);
  const Real about = V::load(centre + c);
  const auto flip = V::greater(V::splat(0), scale);
  add_in_runs<V, 2>(run.pixels, {sum + c, product + c}, [&](int64_t p, Real(&t)[2]) {
    const Real d = V::to_real(output_number<V, kPool>(run, p, c, flip));
    t[0] = gate<V, h>(d * scale + shift, V::load(dout + p * run.channels + c));
    t[1] = t[0] * (d - about);
  });
}

template <class T>
void gradient_sums(const Run<T>& run, const Affine& affine, Activation h, const real* centre,
                   const real* dout, double* sum, double* product) noexcept {
  with_activation(h, [&](auto is) {
    for_channels(run.channels, [&](auto lanes, int64_t c) {
      using V = decltype(lanes);
      constexpr Activation kIs = decltype(is)::kActivation;
      if (run.below == 0) {
        gradient_sums_of<V, kIs, false>(run, c, affine, centre, dout, sum, product);
      } else {
        gradient_sums_of<V, kIs, true>(run, c, affine, centre, dout, sum, product);
      }
    });
  });
}

/// Coefficients of V::kCount channels.
template <class V>
struct Channel {
  using Real = typename V::Real;

  Channel(const Affine& affine, const Coefficients& k, int64_t c)
      : scale(V::load(affine.scale + c)),
        shift(V::load(affine.shift + c)),
        a(V::load(k.a + c)),
        b(V::load(k.b + c)),
        c(V::load(k.c + c)) {}

  Real scale, shift, a, b, c;
};

/// Stores g and keeps the largest |g| of each lane.
template <class V>
struct Writer {
  using Real = typename V::Real;

  void write(Real g, real* to) {
    V::store(g, to);
    most = V::larger(most, V::abs(g));
  }
  Real most = V::splat(0);
};

template <class V, Activation h, class T>
real gradient_of(const Run<T>& run, int64_t c, const Affine& affine, const Coefficients& k,
                 const real* dout, real* g) {
  const Channel<V> channel(affine, k, c);
  Writer<V> writer;
  for (int64_t p = 0; p < run.pixels; ++p) {
    const int64_t at = p * run.channels + c;
    const auto d = V::to_real(V::load(run.d + at));
    auto dx = channel.b * d + channel.c;
    if (dout != nullptr) {
      const auto dy = gate<V, h>(d * channel.scale + channel.shift, V::load(dout + at));
      dx = channel.a * dy + dx;
    }
    writer.write(dx, g + at);
  }
  return V::largest(writer.most);
}

template <class V, Activation h, class T>
real pooled_gradient_of(const Run<T>& run, int64_t c, const Affine& affine, const Coefficients& k,
                        const real* dout, real* g) {
  const Channel<V> channel(affine, k, c);
  const auto flip = V::greater(V::splat(0), channel.scale);
  Writer<V> writer;
  for (int64_t p = 0; p < run.pixels; ++p) {
    const Window<V, T> window(run, p, c, flip);
    const FirstLargest<V, T> first(window);
    const auto d = V::to_real(V::negate_where(flip, first.value));
    const auto dy =
        gate<V, h>(d * channel.scale + channel.shift, V::load(dout + p * run.channels + c));
    const auto pulled = channel.a * dy;
    FRACBIT_UNROLL
    for (int i = 0; i < 4; ++i) {
      const auto x = V::to_real(V::negate_where(flip, window.d[i]));
      writer.write(V::keep(first.is[i], pulled) + (channel.b * x + channel.c),
                   g + input_offset(run, p, i) + c);
    }
  }
  return V::largest(writer.most);
}

template <class T>
real gradient(const Run<T>& run, const Affine& affine, Activation h, const Coefficients& k,
              const real* dout, real* g) noexcept {
  real most = 0;
  with_activation(h, [&](auto is) {
    for_channels(run.channels, [&](auto lanes, int64_t c) {
      using V = decltype(lanes);
      constexpr Activation kIs = decltype(is)::kActivation;
      const real size = run.below == 0 ? gradient_of<V, kIs>(run, c, affine, k, dout, g)
                                       : pooled_gradient_of<V, kIs>(run, c, affine, k, dout, g);
      most = size > most ? size : most;
    });
  });
  return most;
}
