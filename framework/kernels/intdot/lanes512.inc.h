// What the instruction sets with 512-bit registers share.

struct Lanes512 {
  using Ints = __m512i;
  using Reals = __m512;
  static constexpr int kCount = 16, kVectors = 2, kPixels = 8, kOuterVectors = 3, kOuterRows = 8;

  static Ints load(const void* p) { return _mm512_loadu_si512(p); }
  static Ints broadcast(const void* p) {
    int32_t group;
    __builtin_memcpy(&group, p, sizeof group);
    return _mm512_set1_epi32(group);
  }
  static Ints zero() { return _mm512_setzero_si512(); }
  static Ints add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static Ints times(Ints a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }
  static void store(int32_t* out, Ints value, int count) {
    if (count == kCount) {
      _mm512_storeu_si512(out, value);
    } else {
      _mm512_mask_storeu_epi32(out, static_cast<__mmask16>((1u << count) - 1), value);
    }
  }
  static void store_scaled(real* out, Ints value, real scale, int count) {
    const Reals y = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(value));
    if (count == kCount) {
      _mm512_storeu_ps(out, y);
    } else {
      _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1u << count) - 1), y);
    }
  }
  static Reals load_reals(const real* p) { return _mm512_loadu_ps(p); }
  static void store_reals(real* p, Reals value) { _mm512_storeu_ps(p, value); }
  static Reals fused(real scale, Ints value, Reals sum) {
    return _mm512_fmadd_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(value), sum);
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
  /// Four blocks from four rows of 64 bytes.
  static void interleave_blocks(const uint8_t* a, const uint8_t* b, const uint8_t* c,
                                const uint8_t* d, uint8_t* to, int64_t block_step) {
    const Ints ab0 = _mm512_unpacklo_epi8(load(a), load(b));
    const Ints ab1 = _mm512_unpackhi_epi8(load(a), load(b));
    const Ints cd0 = _mm512_unpacklo_epi8(load(c), load(d));
    const Ints cd1 = _mm512_unpackhi_epi8(load(c), load(d));
    // A quarter of each vector is of one block: four groups of it.
    const Ints q0 = _mm512_unpacklo_epi16(ab0, cd0), q1 = _mm512_unpackhi_epi16(ab0, cd0);
    const Ints q2 = _mm512_unpacklo_epi16(ab1, cd1), q3 = _mm512_unpackhi_epi16(ab1, cd1);
    const Ints low0 = _mm512_shuffle_i32x4(q0, q1, 0x44), low1 = _mm512_shuffle_i32x4(q2, q3, 0x44);
    const Ints top0 = _mm512_shuffle_i32x4(q0, q1, 0xee), top1 = _mm512_shuffle_i32x4(q2, q3, 0xee);
    _mm512_storeu_si512(to, _mm512_shuffle_i32x4(low0, low1, 0x88));
    _mm512_storeu_si512(to + block_step, _mm512_shuffle_i32x4(low0, low1, 0xdd));
    _mm512_storeu_si512(to + 2 * block_step, _mm512_shuffle_i32x4(top0, top1, 0x88));
    _mm512_storeu_si512(to + 3 * block_step, _mm512_shuffle_i32x4(top0, top1, 0xdd));
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
