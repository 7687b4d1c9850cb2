// Sums over pixels.

/// N terms of one pixel and V::kCount channels, and their sums.
template <class V, int N>
struct Terms {
  typename V::Real of[N];

  FRACBIT_INLINE friend Terms operator+(const Terms& a, const Terms& b) {
    Terms sum;
    FRACBIT_UNROLL
    for (int n = 0; n < N; ++n) sum.of[n] = a.of[n] + b.of[n];
    return sum;
  }
};

/// Channels whose sums of a run are kept together.
constexpr int64_t kSumChannels = 256;

/// sums[n][c] += sum over the pixels of term(p, c).of[n], for channels first .. last - 1, at most
/// kSumChannels: sixteen pixels at a time in real, fours of them as (t0 + t1) + (t2 + t3), then in
/// double.
template <class V, int N, class Term>
void add_in_runs(int64_t pixels, int64_t first, int64_t last, double* const (&sums)[N],
                 const Term& term) {
  constexpr int64_t kRun = 16;
  alignas(64) real total[N][kSumChannels];
  const auto add = [&](const Terms<V, N>& terms, int64_t c) {
    FRACBIT_UNROLL
    for (int n = 0; n < N; ++n) {
      real* into = &total[n][c - first];
      V::store(V::load(static_cast<const real*>(into)) + terms.of[n], into);
    }
  };
  for (int64_t begin = 0; begin < pixels; begin += kRun) {
    const int64_t end = pixels < begin + kRun ? pixels : begin + kRun;
    for (int n = 0; n < N; ++n) {
      for (int64_t c = 0; c < last - first; ++c) total[n][c] = 0;
    }
    int64_t p = begin;
    for (; p + 4 <= end; p += 4) {
      for (int64_t c = first; c < last; c += V::kCount) {
        const auto upper = term(p, c) + term(p + 1, c);
        add(upper + (term(p + 2, c) + term(p + 3, c)), c);
      }
    }
    for (; p < end; ++p) {
      for (int64_t c = first; c < last; c += V::kCount) add(term(p, c), c);
    }
    for (int64_t c = first; c < last; c += V::kCount) {
      FRACBIT_UNROLL
      for (int n = 0; n < N; ++n) {
        V::add_to(V::load(static_cast<const real*>(&total[n][c - first])), sums[n] + c);
      }
    }
  }
}

/// Calls body(lanes, first, last) like for_parts, for at most kSumChannels at a time.
template <class Body>
FRACBIT_INLINE void for_sum_parts(int64_t channels, Body body) {
  for_parts(channels, [&](auto lanes, int64_t first, int64_t last) {
    for (; first < last; first += kSumChannels) {
      body(lanes, first, last < first + kSumChannels ? last : first + kSumChannels);
    }
  });
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
  for (int64_t c = 0; c < channels; ++c) sum[c] = squares[c] = 0;
  for_sum_parts(channels, [=](auto lanes, int64_t first, int64_t last) {
    using V = decltype(lanes);
    alignas(64) real about[kSumChannels];
    add_in_runs<V, 1>(pixels, first, last, {sum}, [=](int64_t p, int64_t c) {
      ask_ahead<V>(x + p * channels + c);
      return Terms<V, 1>{{V::load(x + p * channels + c)}};
    });
    for (int64_t c = first; c < last; ++c) about[c - first] = static_cast<real>(sum[c] / count);
    add_in_runs<V, 1>(pixels, first, last, {squares}, [=](int64_t p, int64_t c) {
      const auto deviation = V::load(x + p * channels + c) - V::load(about + (c - first));
      return Terms<V, 1>{{deviation * deviation}};
    });
    // The centre was rounded: back to the squares about the exact mean.
    for (int64_t c = first; c < last; ++c) {
      const double off = sum[c] / count - static_cast<double>(about[c - first]);
      squares[c] -= count * off * off;
    }
  });
}
