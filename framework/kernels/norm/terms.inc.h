// Residual codes of reals.

/// Keys of the numbers from i on.
template <class V>
FRACBIT_INLINE typename V::Real keys(const TermCode& code, typename V::Real y, int64_t i) {
  if (code.key != nullptr) return V::load(code.key + i);
  const auto magnitude = V::abs(y);
  if (code.negative) return V::splat(0) - magnitude;
  return V::abs(magnitude - V::splat(code.centre));
}

/// Calls term(n, elements that have it, elements where its sign is -) for each term of the numbers
/// from i on.
template <class V, class Term>
FRACBIT_INLINE void each_term(const TermCode& code, const real* y, int64_t i, const Term& term) {
  const auto zero = V::splat(0);
  auto e = V::load(y + i);
  const auto key = keys<V>(code, e, i);
  for (int n = 0; n < code.terms; ++n) {
    const auto minus = V::greater(zero, e);
    const auto has = n == 0 ? V::at_least(zero, zero) : V::greater(key, V::splat(code.cut[n - 1]));
    term(n, has, minus);
    e = e - V::negate_where(minus, V::splat(code.mu[n]));
  }
}

template <class Number>
FRACBIT_INLINE void integers(const real* y, int64_t count, const TermCode& code, real offset,
                             Number* out) {
  for_outputs(count, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    for (int64_t i = first; i < last; i += V::kCount) {
      keep_short<V>();
      auto sum = V::splat(offset);
      each_term<V>(code, y, i, [&](int n, auto has, auto minus) {
        sum = sum + V::keep(has, V::negate_where(minus, V::splat(code.level[n])));
      });
      V::store(V::whole(sum), out + i);
    }
  });
}

void term_bytes(const real* y, int64_t n, const TermCode& code, uint8_t* out) noexcept {
  integers(y, n, code, 128, out);
}

void term_words(const real* y, int64_t n, const TermCode& code, int16_t* out) noexcept {
  integers(y, n, code, 0, out);
}

void term_planes(const real* y, int64_t n, const TermCode& code, uint64_t* row) noexcept {
  const int64_t words = (n + 63) / 64;
  for (int64_t i = 0; i < (2 * code.terms - 1) * words; ++i) row[i] = 0;
  for_parts(n, [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    for (int64_t c = first; c < last; c += V::kCount) {
      uint64_t* plane = row + c / 64;
      each_term<V>(code, y, c, [&](int t, auto has, auto minus) {
        const uint64_t mask = V::bits(has) << (c % 64);
        *plane |= mask & ~(V::bits(minus) << (c % 64));
        plane += words;
        if (t == 0) return;
        *plane |= mask;
        plane += words;
      });
    }
  });
}

void channel_signs(const real* y, const ChannelCode& code, uint64_t* row) noexcept {
  const auto words = [&](int n) { return (code.counts[n] + 63) / 64; };
  int64_t size = 0;
  for (int n = 0; n < code.terms; ++n) size += words(n);
  for (int64_t i = 0; i < size; ++i) row[i] = 0;
  for_parts(code.counts[0], [&](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    constexpr uint64_t kAll = (uint64_t{1} << V::kCount) - 1;
    for (int64_t c = first; c < last; c += V::kCount) {
      auto e = V::gather(y, code.order + c);
      uint64_t* plane = row + c / 64;
      for (int n = 0; n < code.terms && c < code.counts[n]; ++n) {
        const auto minus = V::greater(V::splat(0), e);
        *plane |= (V::bits(minus) ^ kAll) << (c % 64);
        plane += words(n);
        e = e - V::negate_where(minus, V::splat(code.mu[n]));
      }
    }
  });
  // Vectors went past the last channel of a term.
  for (int n = 0; n < code.terms; ++n) {
    row += words(n);
    if (code.counts[n] % 64 > 0) row[-1] &= (uint64_t{1} << code.counts[n] % 64) - 1;
  }
}
