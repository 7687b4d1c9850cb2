// Lanes of the instruction set, for forward passes and for those of training.

/// Sixteen channels; compares give mask registers.
struct Wide {
  static constexpr int kCount = 16;
  using Real = __m512;
  using Mask = __mmask16;

  static Real splat(float a) { return _mm512_set1_ps(a); }
  static __m256i load(const int16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static __m512i load(const int32_t* p) { return _mm512_loadu_si512(p); }
  static Real load(const float* p) { return _mm512_loadu_ps(p); }
  static Real to_real(__m256i v) { return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(v)); }
  static Real to_real(__m512i v) { return _mm512_cvtepi32_ps(v); }
  static Real to_real(Real v) { return v; }
  static void store(Real v, float* p) { _mm512_storeu_ps(p, v); }
  static void store(__m256i v, int16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  static void store(__m512i v, uint16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  static void store(__m512i v, int32_t* p) { _mm512_storeu_si512(p, v); }
  static void store(__m512i v, uint8_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }
  static void store(__m512i v, int16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  static __m512i whole(Real v) { return _mm512_cvtps_epi32(v); }
  static uint64_t bits(Mask m) { return m; }
  static void add_to(Real v, double* sum) {
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    _mm512_storeu_pd(sum, _mm512_loadu_pd(sum) + low);
    _mm512_storeu_pd(sum + 8, _mm512_loadu_pd(sum + 8) + high);
  }

  static Mask greater(__m256i a, __m256i b) { return _mm256_cmpgt_epi16_mask(a, b); }
  static Mask greater(__m512i a, __m512i b) { return _mm512_cmpgt_epi32_mask(a, b); }
  static Mask greater(Real a, Real b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
  static Mask at_least(Real a, Real b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
  static Mask both(Mask a, Mask b) { return _kand_mask16(a, b); }
  static Mask without(Mask a, Mask b) { return _kandn_mask16(b, a); }
  static Mask neither(Mask a, Mask b) { return _knot_mask16(_kor_mask16(a, b)); }
  static __m256i select(Mask m, __m256i a, __m256i b) { return _mm256_mask_blend_epi16(m, b, a); }
  static __m512i select(Mask m, __m512i a, __m512i b) { return _mm512_mask_blend_epi32(m, b, a); }
  static Real select(Mask m, Real a, Real b) { return _mm512_mask_blend_ps(m, b, a); }
  static Real keep(Mask m, Real a) { return _mm512_maskz_mov_ps(m, a); }
  static __m256i negate_where(Mask m, __m256i a) {
    return _mm256_mask_sub_epi16(a, m, _mm256_setzero_si256(), a);
  }
  static __m512i negate_where(Mask m, __m512i a) {
    return _mm512_mask_sub_epi32(a, m, _mm512_setzero_si512(), a);
  }
  static Real negate_where(Mask m, Real a) {
    return _mm512_mask_xor_ps(a, m, a, _mm512_set1_ps(-0.0f));
  }
  static Real fold(Real y, Real sign) { return _mm512_andnot_ps(sign, y); }
  static Real abs(Real a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
  // The instructions give their second operand where the numbers are equal or one is NaN.
  static Real raise(Real a, Real b) { return _mm512_max_ps(a, b); }
  static Real lower(Real a, Real b) { return _mm512_min_ps(a, b); }
  static Real larger(Real a, Real b) { return _mm512_max_ps(b, a); }
  static __m256i larger(__m256i a, __m256i b) { return _mm256_max_epi16(a, b); }
  static __m512i larger(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
  /// The largest number below 1/2 takes v to the next whole number exactly where v + 1/2 does.
  static __m512i round(Real v, Real top) {
    v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), top);
    return _mm512_cvttps_epi32(v + _mm512_set1_ps(0x1.fffffep-2f));
  }
  static float largest(Real v) { return _mm512_reduce_max_ps(v); }
};
