// Lanes of the instruction set, for products and for training.

/// Eight lanes: pairs of 16-bit numbers are multiplied and added. The instruction for bytes would
/// saturate, so these are widened first.
struct Lanes {
  using Ints = __m256i;
  using Reals = __m256;
  static constexpr int kCount = 8, kVectors = 2, kPixels = 5, kOuterVectors = 1, kOuterRows = 4;

  static Ints load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static Ints broadcast(const void* p) {
    int32_t group;
    __builtin_memcpy(&group, p, sizeof group);
    return _mm256_set1_epi32(group);
  }
  static Ints zero() { return _mm256_setzero_si256(); }
  static Ints add(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static Ints times(Ints a, int32_t b) { return _mm256_mullo_epi32(a, _mm256_set1_epi32(b)); }
  static Ints dot_words(Ints acc, Ints x, Ints w) { return add(acc, _mm256_madd_epi16(x, w)); }
  static Ints dot_bytes(Ints acc, Ints x, Ints w) {
    const Ints low = _mm256_set1_epi16(255);
    const Ints even =
        _mm256_madd_epi16(_mm256_and_si256(x, low), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
    const Ints odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
    return add(acc, add(even, odd));
  }
  static void store(int32_t* out, Ints value, int count) {
    if (count == kCount) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), value);
    } else {
      _mm256_maskstore_epi32(out, first(count), value);
    }
  }
  static void store_scaled(real* out, Ints value, real scale, int count) {
    const Reals y = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(value));
    if (count == kCount) {
      _mm256_storeu_ps(out, y);
    } else {
      _mm256_maskstore_ps(out, first(count), y);
    }
  }
  static Reals load_reals(const real* p) { return _mm256_loadu_ps(p); }
  static void store_reals(real* p, Reals value) { _mm256_storeu_ps(p, value); }
  static Reals fused(real scale, Ints value, Reals sum) {
    return _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(value), sum);
  }
  /// All ones in the first count lanes.
  static Ints first(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static __m128i row(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
  static void interleave_bytes(const uint8_t* a, const uint8_t* b, const uint8_t* c,
                               const uint8_t* d, uint8_t* to) {
    const __m128i ab0 = _mm_unpacklo_epi8(row(a), row(b)), ab1 = _mm_unpackhi_epi8(row(a), row(b));
    const __m128i cd0 = _mm_unpacklo_epi8(row(c), row(d)), cd1 = _mm_unpackhi_epi8(row(c), row(d));
    __m128i* out = reinterpret_cast<__m128i*>(to);
    _mm_storeu_si128(out, _mm_unpacklo_epi16(ab0, cd0));
    _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(ab0, cd0));
    _mm_storeu_si128(out + 2, _mm_unpacklo_epi16(ab1, cd1));
    _mm_storeu_si128(out + 3, _mm_unpackhi_epi16(ab1, cd1));
  }
  static void interleave_words(const int16_t* a, const int16_t* b, uint8_t* to) {
    __m128i* out = reinterpret_cast<__m128i*>(to);
    for (int half = 0; half < 2; ++half) {
      const __m128i low = row(a + 8 * half), high = row(b + 8 * half);
      _mm_storeu_si128(out + 2 * half, _mm_unpacklo_epi16(low, high));
      _mm_storeu_si128(out + 2 * half + 1, _mm_unpackhi_epi16(low, high));
    }
  }
};
