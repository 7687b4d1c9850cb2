// Gradient codes.

template <class V, class Code>
void gradient_codes_at(const real* g, const real* sigma, GradientMap map, int32_t top,
                       Code* codes) {
  const auto most = V::splat(static_cast<real>(top));
  const auto half = V::splat(static_cast<real>(top) / 2);
  const auto centred = V::load(g) * V::splat(map.up) * V::splat(map.slope) + half;
  V::store(V::round(centred + V::load(sigma), most), codes);
}

template <class Code>
void gradient_codes(const real* g, const real* sigma, int64_t n, GradientMap map, int32_t top,
                    Code* codes) {
  int64_t i = 0;
  for (; i + Wide::kCount <= n; i += Wide::kCount) {
    gradient_codes_at<Wide>(g + i, sigma + i, map, top, codes + i);
  }
  for (; i < n; ++i) gradient_codes_at<One>(g + i, sigma + i, map, top, codes + i);
}

void gradient_codes8(const real* g, const real* sigma, int64_t n, GradientMap map, int32_t top,
                     uint8_t* codes) noexcept {
  gradient_codes(g, sigma, n, map, top, codes);
}

void gradient_codes16(const real* g, const real* sigma, int64_t n, GradientMap map, int32_t top,
                      uint16_t* codes) noexcept {
  gradient_codes(g, sigma, n, map, top, codes);
}
