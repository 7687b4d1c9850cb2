// Passes of the backward direction.

/// dout w(y)
template <class V, bool kTwoSided>
FRACBIT_INLINE typename V::Real gate(typename V::Real y, const Activation& h,
                                     typename V::Real dout) {
  auto size = y;
  if constexpr (kTwoSided) {
    size = V::abs(y);
    dout = V::negate_where(V::greater(V::splat(0), y), dout);
  }
  const auto inside =
      V::both(V::at_least(size, V::splat(h.from)), V::at_least(V::splat(h.to), size));
  return V::keep(inside, dout);
}

/// Which of the four numbers is the first largest.
template <class V, class T>
struct FirstLargest {
  FRACBIT_INLINE explicit FirstLargest(const Window<V, T>& w) {
    const auto right = V::greater(w.d[1], w.d[0]);
    const auto lower_right = V::greater(w.d[3], w.d[2]);
    const auto upper = V::select(right, w.d[1], w.d[0]);
    const auto lower = V::select(lower_right, w.d[3], w.d[2]);
    const auto below = V::greater(lower, upper);
    value = V::select(below, lower, upper);
    is[0] = V::neither(below, right);
    is[1] = V::without(right, below);
    is[2] = V::without(below, lower_right);
    is[3] = V::both(below, lower_right);
  }
  typename Window<V, T>::Number value;
  typename V::Mask is[4];
};

template <class T>
void unpool(const Run<T>& run, const real* dy, real* dx) noexcept {
  for_parts(run.channels, [&](auto lanes, int64_t begin, int64_t end) {
    using V = decltype(lanes);
    const auto flip = V::greater(V::splat(0), V::splat(0));
    for (int64_t p = 0; p < run.pixels; ++p) {
      for (int64_t c = begin; c < end; c += V::kCount) {
        const FirstLargest<V, T> first(Window<V, T>(run, p, c, flip));
        const auto g = V::load(dy + p * run.channels + c);
        FRACBIT_UNROLL
        for (int i = 0; i < 4; ++i) {
          V::store(V::keep(first.is[i], g), dx + input_offset(run, p, i) + c);
        }
      }
    }
  });
}

template <class T>
void gradient_sums(const Run<T>& run, const Affine& affine, const Activation& h, const real* centre,
                   const real* dout, double* sum, double* product) noexcept {
  with_variant(h.two_sided, run.below != 0, [&](auto is) {
    for_sum_parts(run.channels, [&](auto lanes, int64_t first, int64_t last) {
      using V = decltype(lanes);
      add_in_runs<V, 2>(run.pixels, first, last, {sum, product}, [&](int64_t p, int64_t c) {
        const auto scale = V::load(affine.scale + c);
        const auto d = V::to_real(output_number<V, is.kPool>(run, p, c, scale));
        const auto y = d * scale + V::load(affine.shift + c);
        const real* from = dout + p * run.channels + c;
        ask_ahead<V>(from);
        const auto dy = gate<V, is.kTwoSided>(y, h, V::load(from));
        return Terms<V, 2>{{dy, dy * (d - V::load(centre + c))}};
      });
    });
  });
}

/// Channels c, c + 1, ... of the coefficients of g.
template <class V>
struct Channels {
  using Real = typename V::Real;

  FRACBIT_INLINE Channels(const Affine& affine, const Coefficients& k, int64_t c)
      : scale(V::load(affine.scale + c)),
        shift(V::load(affine.shift + c)),
        a(V::load(k.a + c)),
        b(V::load(k.b + c)),
        c(V::load(k.c + c)) {}

  template <bool kTwoSided>
  FRACBIT_INLINE Real pulled(Real d, const Activation& h, Real dout) const {
    return a * gate<V, kTwoSided>(d * scale + shift, h, dout);
  }
  FRACBIT_INLINE Real rest(Real d) const { return b * d + c; }

  Real scale, shift, a, b, c;
};

/// Calls body(lanes, channels, p, c, most) for all channels of all pixels, kTogether pixels to each
/// load of the channels' coefficients; the largest `most`.
template <int kTogether, class Body>
FRACBIT_INLINE real largest_of(int64_t pixels, int64_t width, const Affine& affine,
                               const Coefficients& k, Body body) {
  real all = 0;
  for_parts(width, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    auto most = V::splat(0);
    int64_t p = 0;
    for (; p + kTogether <= pixels; p += kTogether) {
      for (int64_t c = first; c < last; c += V::kCount) {
        const Channels<V> channels(affine, k, c);
        FRACBIT_UNROLL
        for (int i = 0; i < kTogether; ++i) most = body(lanes, channels, p + i, c, most);
      }
    }
    for (; p < pixels; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) {
        most = body(lanes, Channels<V>(affine, k, c), p, c, most);
      }
    }
    all = One::larger(all, V::largest(most));
  });
  return all;
}

/// Where dy = 0.
template <class T>
real gradient_of_none(const Run<T>& run, const Affine& affine, const Coefficients& k, real* g) {
  const auto body = [&](auto lanes, const auto& at, int64_t p, int64_t c, auto most) {
    using V = decltype(lanes);
    const auto dx = at.rest(V::to_real(output_number<V, false>(run, p, c, at.scale)));
    V::store(dx, g + p * run.channels + c);
    return V::larger(most, V::abs(dx));
  };
  return largest_of<4>(run.pixels, run.channels, affine, k, body);
}

template <bool kTwoSided, class T>
real gradient_of(const Run<T>& run, const Affine& affine, const Activation& h,
                 const Coefficients& k, const real* dout, real* g) {
  const auto body = [&](auto lanes, const auto& at, int64_t p, int64_t c, auto most) {
    using V = decltype(lanes);
    const int64_t place = p * run.channels + c;
    ask_ahead<V>(dout + place);
    const auto d = V::to_real(output_number<V, false>(run, p, c, at.scale));
    const auto dx = at.template pulled<kTwoSided>(d, h, V::load(dout + place)) + at.rest(d);
    V::store(dx, g + place);
    return V::larger(most, V::abs(dx));
  };
  return largest_of<4>(run.pixels, run.channels, affine, k, body);
}

template <bool kTwoSided, class T>
real pooled_gradient_of(const Run<T>& run, const Affine& affine, const Activation& h,
                        const Coefficients& k, const real* dout, real* g) {
  const auto body = [&](auto lanes, const auto& at, int64_t p, int64_t c, auto most) {
    using V = decltype(lanes);
    const int64_t place = p * run.channels + c;
    ask_ahead<V>(dout + place);
    const auto flip = V::greater(V::splat(0), at.scale);
    const Window<V, T> window(run, p, c, flip);
    const FirstLargest<V, T> first(window);
    const auto winner = V::to_real(V::negate_where(flip, first.value));
    const auto pulled = at.template pulled<kTwoSided>(winner, h, V::load(dout + place));
    FRACBIT_UNROLL
    for (int i = 0; i < 4; ++i) {
      const auto d = V::to_real(V::negate_where(flip, window.d[i]));
      const auto dx = V::keep(first.is[i], pulled) + at.rest(d);
      V::store(dx, g + input_offset(run, p, i) + c);
      most = V::larger(most, V::abs(dx));
    }
    return most;
  };
  return largest_of<1>(run.pixels, run.channels, affine, k, body);
}

template <class T>
real gradient(const Run<T>& run, const Affine& affine, const Activation& h, const Coefficients& k,
              const real* dout, real* g) noexcept {
  if (dout == nullptr) return gradient_of_none(run, affine, k, g);
  real most = 0;
  with_variant(h.two_sided, run.below != 0, [&](auto is) {
    if constexpr (is.kPool) {
      most = pooled_gradient_of<is.kTwoSided>(run, affine, h, k, dout, g);
    } else {
      most = gradient_of<is.kTwoSided>(run, affine, h, k, dout, g);
    }
  });
  return most;
}
