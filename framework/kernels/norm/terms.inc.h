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

/// Signs of at most 64 numbers, which lose mu in their direction.
FRACBIT_INLINE uint64_t take_signs(real* e, int64_t count, real mu) {
  uint64_t word = 0;
  for (int64_t i = 0; i < count; i += Wide::kCount) {
    const auto number = Wide::load(e + i);
    const auto minus = Wide::greater(Wide::splat(0), number);
    word |= Wide::bits(minus) << i;
    Wide::store(number - Wide::negate_where(minus, Wide::splat(mu)), e + i);
  }
  return count < 64 ? ~word & ((uint64_t{1} << count) - 1) : ~word;
}

void channel_signs(const real* y, const ChannelCode& code, uint64_t* row) noexcept {
  constexpr int64_t kSome = 256;
  for (int64_t begin = 0; begin < code.counts[0]; begin += kSome) {
    const int64_t some = code.counts[0] - begin < kSome ? code.counts[0] - begin : kSome;
    real e[kSome + Wide::kCount] = {};
    for (int64_t i = 0; i < some; ++i) {
      asm volatile("");  // instructions that gather are slower
      e[i] = y[code.order[begin + i]];
    }
    uint64_t* plane = row + begin / 64;
    for (int n = 0; n < code.terms; ++n) {
      const int64_t count = code.counts[n] - begin < some ? code.counts[n] - begin : some;
      for (int64_t c = 0; c < count; c += 64) {
        plane[c / 64] = take_signs(e + c, count - c < 64 ? count - c : 64, code.mu[n]);
      }
      plane += (code.counts[n] + 63) / 64;
    }
  }
}
