// Passes of the forward direction, but for those to planes.

/// Calls body(lanes, first, last) as for_parts, for passes that may write an output twice: the last
/// channels are those of one more vector, which overlaps the one before it.
template <class Body>
FRACBIT_INLINE void for_outputs(int64_t channels, Body body) {
  const int64_t wide = channels / Wide::kCount * Wide::kCount;
  if (wide == 0) return body(One{}, int64_t{0}, channels);
  body(Wide{}, int64_t{0}, wide);
  if (wide < channels) body(Wide{}, channels - Wide::kCount, channels);
}

/// One number at a time stays so: vectors of the compiler would be many times the code.
template <class V>
FRACBIT_INLINE void keep_short() {
  if constexpr (V::kCount == 1) asm volatile("");
}

/// What V::fold takes, so that one loop serves y and |y|.
constexpr real folded_sign(bool two_sided) {
  return two_sided ? real{-0.0f} : real{0};
}

/// Calls body with a type of constant `pool`.
template <class Body>
FRACBIT_INLINE void with_pool(bool pool, Body body) {
  if (pool) return body(Variant<false, true>{});
  body(Variant<false, false>{});
}

template <class T>
void pool(const Run<T>& run, T* out) noexcept {
  for_outputs(run.channels, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    const auto flip = V::greater(V::splat(0), V::splat(0));
    for (int64_t p = 0; p < run.pixels; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) {
        keep_short<V>();
        V::store(Window<V, T>(run, p, c, flip).largest(), out + p * run.channels + c);
      }
    }
  });
}

/// y of output p.
template <class V, bool kPool, class T>
FRACBIT_INLINE typename V::Real expression(const Run<T>& run, const Affine& affine, int64_t p,
                                           int64_t c) {
  const auto scale = V::load(affine.scale + c);
  return V::to_real(output_number<V, kPool>(run, p, c, scale)) * scale + V::load(affine.shift + c);
}

template <class T>
void values(const Run<T>& run, const Affine& affine, const Activation& h, real* out) noexcept {
  const real sign = folded_sign(h.two_sided);
  with_pool(run.below != 0, [&](auto is) {
    for_outputs(run.channels, [&](auto lanes, int64_t first, int64_t last) {
      using V = decltype(lanes);
      for (int64_t p = 0; p < run.pixels; ++p) {
        for (int64_t c = first; c < last; c += V::kCount) {
          keep_short<V>();
          const auto y = V::fold(expression<V, is.kPool>(run, affine, p, c), V::splat(sign));
          const auto value = V::lower(V::splat(h.high), V::raise(V::splat(h.low), y));
          V::store(value, out + p * run.channels + c);
        }
      }
    });
  });
}

void codes(const real* r, int64_t n, int32_t top, uint16_t* out) noexcept {
  const auto most = static_cast<real>(top);
  for_outputs(n, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    for (int64_t i = first; i < last; i += V::kCount) {
      keep_short<V>();
      V::store(V::round(V::splat(most) * V::load(r + i), V::splat(most)), out + i);
    }
  });
}
