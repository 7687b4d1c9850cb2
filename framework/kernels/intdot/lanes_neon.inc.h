// Lanes of the instruction set, for forward products and for those of training.

/// Four lanes: products of 16-bit numbers, added in pairs. Bytes are widened first.
struct Lanes {
  using Ints = int32x4_t;
  using Reals = float32x4_t;
  static constexpr int kCount = 4, kVectors = 4, kPixels = 4, kOuterVectors = 4, kOuterRows = 4;

  static Ints load(const void* p) { return vreinterpretq_s32_u8(vld1q_u8(bytes(p))); }
  static Ints broadcast(const void* p) {
    int32_t group;
    __builtin_memcpy(&group, p, sizeof group);
    return vdupq_n_s32(group);
  }
  static Ints zero() { return vdupq_n_s32(0); }
  static Ints add(Ints a, Ints b) { return vaddq_s32(a, b); }
  static Ints times(Ints a, int32_t b) { return vmulq_n_s32(a, b); }
  /// Sums of the products of two neighbours.
  static Ints pairs(int16x8_t x, int16x8_t w) {
    return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(w)), vmull_high_s16(x, w));
  }
  static Ints dot_words(Ints acc, Ints x, Ints w) {
    return add(acc, pairs(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(w)));
  }
  static Ints dot_bytes(Ints acc, Ints x, Ints w) {
    const uint8x16_t a = vreinterpretq_u8_s32(x);
    const int8x16_t b = vreinterpretq_s8_s32(w);
    const Ints low =
        pairs(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(a))), vmovl_s8(vget_low_s8(b)));
    const Ints high = pairs(vreinterpretq_s16_u16(vmovl_high_u8(a)), vmovl_high_s8(b));
    return add(acc, vpaddq_s32(low, high));
  }
  static void store(int32_t* out, Ints value, int count) {
    if (count == kCount) return vst1q_s32(out, value);
    int32_t all[kCount];
    vst1q_s32(all, value);
    for (int l = 0; l < count; ++l) out[l] = all[l];
  }
  static void store_scaled(real* out, Ints value, real scale, int count) {
    const Reals y = vmulq_n_f32(vcvtq_f32_s32(value), scale);
    if (count == kCount) return vst1q_f32(out, y);
    real all[kCount];
    vst1q_f32(all, y);
    for (int l = 0; l < count; ++l) out[l] = all[l];
  }
  static Reals load_reals(const real* p) { return vld1q_f32(p); }
  static void store_reals(real* p, Reals value) { vst1q_f32(p, value); }
  static Reals fused(real scale, Ints value, Reals sum) {
    return vfmaq_n_f32(sum, vcvtq_f32_s32(value), scale);
  }
  static const uint8_t* bytes(const void* p) { return static_cast<const uint8_t*>(p); }
  static void interleave_bytes(const uint8_t* a, const uint8_t* b, const uint8_t* c,
                               const uint8_t* d, uint8_t* to) {
    vst4q_u8(to, {{vld1q_u8(a), vld1q_u8(b), vld1q_u8(c), vld1q_u8(d)}});
  }
  static void interleave_words(const int16_t* a, const int16_t* b, uint8_t* to) {
    for (int half = 0; half < 2; ++half) {
      const uint16x8_t low = vreinterpretq_u16_s16(vld1q_s16(a + 8 * half));
      const uint16x8_t high = vreinterpretq_u16_s16(vld1q_s16(b + 8 * half));
      vst1q_u8(to + 32 * half, vreinterpretq_u8_u16(vzip1q_u16(low, high)));
      vst1q_u8(to + 32 * half + 16, vreinterpretq_u8_u16(vzip2q_u16(low, high)));
    }
  }
};
