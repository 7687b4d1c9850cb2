// Max pools of any window.

/// The channels V::kCount from c on of window p: the winner in the order that counts, and the tap
/// it has.
template <class V, class T>
struct Winner {
  using Number = decltype(V::load(static_cast<const T*>(nullptr)));

  FRACBIT_INLINE Winner(const Windows<T>& w, int64_t p, int64_t c)
      : flip(V::greater(V::splat(0), V::load(w.scale + c))), tap(V::splat(0)) {
    const T* at = w.d + p * w.step + c;
    value = V::negate_where(flip, V::load(at));
    real here = 0;
    for (int64_t u = 0; u < w.rows; ++u) {
      for (int64_t v = 0; v < w.columns; ++v, here += 1) {
        const auto other = V::negate_where(flip, V::load(at + u * w.row + v * w.channels));
        const auto wins = V::greater(other, value);
        value = V::select(wins, other, value);
        tap = V::select(wins, V::splat(here), tap);
      }
    }
  }

  typename V::Mask flip;
  Number value;
  typename V::Real tap;
};

template <class T>
void winners(const Windows<T>& w, T* out) noexcept {
  for_parts(w.channels, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    for (int64_t p = 0; p < w.pixels; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) {
        const Winner<V, T> winner(w, p, c);
        V::store(V::negate_where(winner.flip, winner.value), out + p * w.channels + c);
      }
    }
  });
}

template <class T>
void give_back(const Windows<T>& w, const real* dy, real* dx) noexcept {
  for_parts(w.channels, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    for (int64_t p = 0; p < w.pixels; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) {
        const Winner<V, T> winner(w, p, c);
        const auto g = V::load(dy + p * w.channels + c);
        real here = 0;
        for (int64_t u = 0; u < w.rows; ++u) {
          for (int64_t v = 0; v < w.columns; ++v, here += 1) {
            const auto tap = V::splat(here);
            const auto is = V::both(V::at_least(winner.tap, tap), V::at_least(tap, winner.tap));
            real* to = dx + p * w.step + u * w.row + v * w.channels + c;
            V::store(V::load(to) + V::keep(is, g), to);
          }
        }
      }
    }
  });
}
