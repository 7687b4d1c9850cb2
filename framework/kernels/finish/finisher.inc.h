// Finish of finish.h on vectors of channels, or on one channel. Included inside the anonymous
// namespaces of tile/ and depthwise/, after their loops.

// NEON's own instructions give NaN where one operand is NaN, and take 0 for more than -0.
#if defined(__ARM_NEON)
inline constexpr bool kByCompares = true;
#else
inline constexpr bool kByCompares = false;
#endif

/// The larger number; b if they are equal or one is NaN.
template <typename P>
inline P raise(const P& a, const P& b) {
  if constexpr (kByCompares) return vec::pselect(vec::pcmp_lt(b, a), a, b);
  return vec::pmax(b, a);
}

/// The smaller number; b if they are equal or one is NaN.
template <typename P>
inline P lower(const P& a, const P& b) {
  if constexpr (kByCompares) return vec::pselect(vec::pcmp_lt(a, b), a, b);
  return vec::pmin(b, a);
}

// Stores past the caches, to a multiple of the size of a vector.
#if defined(__AVX512F__)
inline void stream(float* p, __m512 value) {
  _mm512_stream_ps(p, value);
}
inline void stream(double* p, __m512d value) {
  _mm512_stream_pd(p, value);
}
#elif defined(__AVX__)
inline void stream(float* p, __m256 value) {
  _mm256_stream_ps(p, value);
}
inline void stream(double* p, __m256d value) {
  _mm256_stream_pd(p, value);
}
#else
template <typename P>
void stream(real* p, const P& value) {
  vec::pstoreu(p, value);
}
#endif
// Channels that fill no vector are no multiples either.
inline void stream(real* p, real value) {
  *p = value;
}

/// A Finish of the channels from some channel on.
template <bool kStream>
class Finisher {
 public:
  explicit Finisher(const Finish& finish) : finish_(finish) {}

  Finisher from(int64_t channel) const {
    Finish finish = finish_;
    finish.scale += channel;
    finish.shift += channel;
    return Finisher(finish);
  }

  template <typename P>
  void store(real* p, const P& sum) const {
    const P scaled = vec::pmul(sum, vec::ploadu<P>(finish_.scale));
    const P y = vec::padd(scaled, vec::ploadu<P>(finish_.shift));
    const P end = lower(vec::pset1<P>(finish_.high), raise(vec::pset1<P>(finish_.low), y));
    if constexpr (kStream) return stream(p, end);
    vec::pstoreu(p, end);
  }

 private:
  Finish finish_;
};
