// Lanes of the instruction set, for forward passes and for those of training.

/// Eight channels; a mask is all ones in the lanes that hold. Integers are widened when loaded.
struct Wide {
  static constexpr int kCount = 8;
  using Real = __m256;
  using Mask = __m256;

  static Real splat(float a) { return _mm256_set1_ps(a); }
  static __m256i load(const int16_t* p) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static __m256i load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Real load(const float* p) { return _mm256_loadu_ps(p); }
  static Real to_real(__m256i v) { return _mm256_cvtepi32_ps(v); }
  static Real to_real(Real v) { return v; }
  static __m128i low(__m256i v) { return _mm256_castsi256_si128(v); }
  static __m128i high(__m256i v) { return _mm256_extracti128_si256(v, 1); }
  static void store(Real v, float* p) { _mm256_storeu_ps(p, v); }
  static void store(__m256i v, int32_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  static void store(__m256i v, int16_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(low(v), high(v)));
  }
  static void store(__m256i v, uint16_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi32(low(v), high(v)));
  }
  static void store(__m256i v, uint8_t* p) {
    const __m128i words = _mm_packus_epi32(low(v), high(v));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
  }
  static __m256i whole(Real v) { return _mm256_cvtps_epi32(v); }
  static uint64_t bits(Mask m) { return static_cast<uint32_t>(_mm256_movemask_ps(m)); }
  static void add_to(Real v, double* sum) {
    const __m256d first = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
    const __m256d second = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    _mm256_storeu_pd(sum, _mm256_loadu_pd(sum) + first);
    _mm256_storeu_pd(sum + 4, _mm256_loadu_pd(sum + 4) + second);
  }

  static Mask greater(__m256i a, __m256i b) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b));
  }
  static Mask greater(Real a, Real b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
  static Mask at_least(Real a, Real b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
  static Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
  static Mask without(Mask a, Mask b) { return _mm256_andnot_ps(b, a); }
  static Mask neither(Mask a, Mask b) {
    const Mask all = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    return _mm256_andnot_ps(_mm256_or_ps(a, b), all);
  }
  static Real select(Mask m, Real a, Real b) { return _mm256_blendv_ps(b, a, m); }
  static __m256i select(Mask m, __m256i a, __m256i b) {
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(m));
  }
  static Real keep(Mask m, Real a) { return _mm256_and_ps(m, a); }
  static Real negate_where(Mask m, Real a) {
    return _mm256_xor_ps(a, _mm256_and_ps(m, _mm256_set1_ps(-0.0f)));
  }
  static __m256i negate_where(Mask m, __m256i a) {
    const __m256i ones = _mm256_castps_si256(m);
    return _mm256_sub_epi32(_mm256_xor_si256(a, ones), ones);
  }
  static Real fold(Real y, Real sign) { return _mm256_andnot_ps(sign, y); }
  static Real abs(Real a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  // The instructions give their second operand where the numbers are equal or one is NaN.
  static Real raise(Real a, Real b) { return _mm256_max_ps(a, b); }
  static Real lower(Real a, Real b) { return _mm256_min_ps(a, b); }
  static Real larger(Real a, Real b) { return _mm256_max_ps(b, a); }
  static __m256i larger(__m256i a, __m256i b) { return _mm256_max_epi32(a, b); }
  /// The largest number below 1/2 takes v to the next whole number exactly where v + 1/2 does.
  static __m256i round(Real v, Real top) {
    v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), top);
    return _mm256_cvttps_epi32(v + _mm256_set1_ps(0x1.fffffep-2f));
  }
  static float largest(Real v) {
    float lanes[kCount];
    store(v, lanes);
    float most = lanes[0];
    for (int i = 1; i < kCount; ++i) most = lanes[i] > most ? lanes[i] : most;
    return most;
  }
};
