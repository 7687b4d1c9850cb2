// Passes of the forward direction.

template <class T>
void pool(const Run<T>& run, T* out) noexcept {
  for_parts(run.channels, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    const auto flip = V::greater(V::splat(0), V::splat(0));
    for (int64_t p = 0; p < run.pixels; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) {
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
  with_variant(h.two_sided, run.below != 0, [&](auto is) {
    for_parts(run.channels, [&](auto lanes, int64_t first, int64_t last) {
      using V = decltype(lanes);
      for (int64_t p = 0; p < run.pixels; ++p) {
        for (int64_t c = first; c < last; c += V::kCount) {
          const auto y = expression<V, is.kPool>(run, affine, p, c);
          V::store(activate<V, is.kTwoSided>(y, h), out + p * run.channels + c);
        }
      }
    });
  });
}

template <class T>
void codes(const Run<T>& run, const Affine& affine, bool two_sided, int32_t top,
           uint16_t* out) noexcept {
  const auto most = static_cast<real>(top);
  with_variant(two_sided, run.below != 0, [&](auto is) {
    for_parts(run.channels, [&](auto lanes, int64_t first, int64_t last) {
      using V = decltype(lanes);
      for (int64_t p = 0; p < run.pixels; ++p) {
        for (int64_t c = first; c < last; c += V::kCount) {
          auto y = expression<V, is.kPool>(run, affine, p, c);
          if constexpr (is.kTwoSided) y = V::abs(y);
          // One clamp is enough: top min(1, max(0, y)) = min(top, max(0, top y)).
          V::store(V::round(V::splat(most) * y, V::splat(most)), out + p * run.channels + c);
        }
      }
    });
  });
}
