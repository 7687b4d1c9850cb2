// Sums and reals of 16 channels in one vector of AVX-512. Included inside an anonymous namespace,
// before Lanes.

struct Channels {
  using Sums = __m512i;
  using Reals = __m512;
  using Bytes = __m512i;

  static Sums zero() { return _mm512_setzero_si512(); }
  static Sums load_sums(const int32_t* p) { return _mm512_loadu_si512(p); }
  static void store_sums(Sums a, int32_t* p) { _mm512_storeu_si512(p, a); }
  static Sums splat_sums(int32_t a) { return _mm512_set1_epi32(a); }
  static Sums add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static Sums multiply(Sums a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }

  static Reals load_reals(const real* p) { return _mm512_loadu_ps(p); }
  static Reals splat_reals(real a) { return _mm512_set1_ps(a); }
  static Reals to_reals(Sums a) { return _mm512_cvtepi32_ps(a); }
  static Reals multiply(Reals a, Reals b) { return _mm512_mul_ps(a, b); }
  static Reals multiply_add(Reals a, Reals b, Reals c) { return _mm512_fmadd_ps(a, b, c); }
  static void store_reals(Reals a, int64_t count, real* p) {
    if (count >= kChannels) return _mm512_storeu_ps(p, a);
    if (count > 0) _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1 << count) - 1), a);
  }

  static Bytes splat_bytes(int a) { return _mm512_set1_epi8(static_cast<char>(a)); }
  /// a, which the compiler does not make a second time.
  static __m512i once(__m512i a) {
    asm("" : "+v"(a));
    return a;
  }
};
