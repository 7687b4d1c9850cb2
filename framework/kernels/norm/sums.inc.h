// Sums over pixels.

/// into[n][i] += sum over the pixels of term(p)[n], lane i: sixteen pixels at a time in real, fours
/// of them as (t0 + t1) + (t2 + t3), then in double.
template <class V, int N, class Term>
void add_in_runs(int64_t pixels, double* const (&into)[N], Term term) {
  using Real = typename V::Real;
  constexpr int64_t kRun = 16;
  for (int64_t begin = 0; begin < pixels; begin += kRun) {
    const int64_t end = pixels < begin + kRun ? pixels : begin + kRun;
    Real total[N];
    FRACBIT_UNROLL
    for (int n = 0; n < N; ++n) total[n] = V::splat(0);
    int64_t p = begin;
    for (; p + 4 <= end; p += 4) {
      Real t[4][N];
      FRACBIT_UNROLL
      for (int i = 0; i < 4; ++i) term(p + i, t[i]);
      FRACBIT_UNROLL
      for (int n = 0; n < N; ++n) total[n] += (t[0][n] + t[1][n]) + (t[2][n] + t[3][n]);
    }
    for (; p < end; ++p) {
      Real t[N];
      term(p, t);
      FRACBIT_UNROLL
      for (int n = 0; n < N; ++n) total[n] += t[n];
    }
    FRACBIT_UNROLL
    for (int n = 0; n < N; ++n) V::add_to(total[n], into[n]);
  }
}

template <class T>
void sums(const T* d, int64_t pixels, int64_t channels, int64_t, int64_t* sums, int64_t* low,
          int64_t* high) noexcept {
  for (int64_t p = 0; p < pixels; ++p, d += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const auto number = static_cast<int64_t>(d[c]);
      const int64_t square = number * number;
      sums[c] += number;
      low[c] += square & 0xffffffff;
      high[c] += square >> 32;
    }
  }
}

void moments(const real* x, int64_t pixels, int64_t channels, double* sum,
             double* squares) noexcept {
  const auto count = static_cast<double>(pixels);
  for_channels(channels, [=](auto lanes, int64_t c) {
    using V = decltype(lanes);
    using Real = typename V::Real;
    real about[V::kCount];
    for (int i = 0; i < V::kCount; ++i) sum[c + i] = squares[c + i] = 0;
    add_in_runs<V, 1>(pixels, {sum + c},
                      [=](int64_t p, Real(&t)[1]) { t[0] = V::load(x + p * channels + c); });
    for (int i = 0; i < V::kCount; ++i) about[i] = static_cast<real>(sum[c + i] / count);
    const Real centre = V::load(static_cast<const real*>(about));
    add_in_runs<V, 1>(pixels, {squares + c}, [=](int64_t p, Real(&t)[1]) {
      const Real deviation = V::load(x + p * channels + c) - centre;
      t[0] = deviation * deviation;
    });
    // The centre was rounded: back to the squares about the exact mean.
    for (int i = 0; i < V::kCount; ++i) {
      const double off = sum[c + i] / count - static_cast<double>(about[i]);
      squares[c + i] -= count * off * off;
    }
  });
}
