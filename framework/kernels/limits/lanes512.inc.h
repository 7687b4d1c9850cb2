// What the instruction sets with 512-bit registers share.

struct Lanes512 {
  using Reals = __m512;
  using Ints = __m512i;
  static constexpr int kReals = 16, kRealSums = 16, kInts = 8, kByteSums = 16;

  static Reals splat(real a) { return _mm512_set1_ps(a); }
  static Reals fused(Reals a, Reals b, Reals c) { return _mm512_fmadd_ps(a, b, c); }
  static real first(Reals a) { return _mm512_cvtss_f32(a); }
  static Ints zero() { return _mm512_setzero_si512(); }
  static Ints load(const uint64_t* p) { return _mm512_loadu_si512(p); }
  static Ints broadcast(const uint64_t* p) { return _mm512_set1_epi64(static_cast<long long>(*p)); }
  static void store(Ints a, uint64_t* p) { _mm512_storeu_si512(p, a); }
  static Ints add(Ints a, Ints b) { return _mm512_add_epi64(a, b); }
};
