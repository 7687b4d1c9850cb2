// Lanes of the instruction set, for forward passes and for those of training.

/// Four channels; a mask is all ones in the lanes that hold. Integers are widened when loaded.
struct Wide {
  static constexpr int kCount = 4;
  using Real = float32x4_t;
  using Mask = uint32x4_t;

  static Real splat(float a) { return vdupq_n_f32(a); }
  static int32x4_t load(const int16_t* p) { return vmovl_s16(vld1_s16(p)); }
  static int32x4_t load(const int32_t* p) { return vld1q_s32(p); }
  static Real load(const float* p) { return vld1q_f32(p); }
  static Real to_real(int32x4_t v) { return vcvtq_f32_s32(v); }
  static Real to_real(Real v) { return v; }
  static void store(Real v, float* p) { vst1q_f32(p, v); }
  static void store(int32x4_t v, int32_t* p) { vst1q_s32(p, v); }
  static void store(int32x4_t v, int16_t* p) { vst1_s16(p, vqmovn_s32(v)); }
  static void store(int32x4_t v, uint16_t* p) { vst1_u16(p, vqmovun_s32(v)); }
  static void store(int32x4_t v, uint8_t* p) {
    const uint16x4_t words = vqmovun_s32(v);
    const uint32x2_t bytes = vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(words, words)));
    const uint32_t four = vget_lane_u32(bytes, 0);
    __builtin_memcpy(p, &four, sizeof four);
  }
  static int32x4_t whole(Real v) { return vcvtq_s32_f32(v); }
  static uint64_t bits(Mask m) {
    const uint32x4_t place = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, place));
  }
  static void add_to(Real v, double* sum) {
    vst1q_f64(sum, vaddq_f64(vld1q_f64(sum), vcvt_f64_f32(vget_low_f32(v))));
    vst1q_f64(sum + 2, vaddq_f64(vld1q_f64(sum + 2), vcvt_high_f64_f32(v)));
  }

  static Mask greater(int32x4_t a, int32x4_t b) { return vcgtq_s32(a, b); }
  static Mask greater(Real a, Real b) { return vcgtq_f32(a, b); }
  static Mask at_least(Real a, Real b) { return vcgeq_f32(a, b); }
  static Mask both(Mask a, Mask b) { return vandq_u32(a, b); }
  static Mask without(Mask a, Mask b) { return vbicq_u32(a, b); }
  static Mask neither(Mask a, Mask b) { return vmvnq_u32(vorrq_u32(a, b)); }
  static Real select(Mask m, Real a, Real b) { return vbslq_f32(m, a, b); }
  static int32x4_t select(Mask m, int32x4_t a, int32x4_t b) { return vbslq_s32(m, a, b); }
  static Real keep(Mask m, Real a) {
    return vreinterpretq_f32_u32(vandq_u32(m, vreinterpretq_u32_f32(a)));
  }
  static Real negate_where(Mask m, Real a) {
    const uint32x4_t sign = vandq_u32(m, vdupq_n_u32(0x80000000u));
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), sign));
  }
  static int32x4_t negate_where(Mask m, int32x4_t a) { return vbslq_s32(m, vnegq_s32(a), a); }
  static Real fold(Real y, Real sign) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vreinterpretq_u32_f32(sign)));
  }
  static Real abs(Real a) { return vabsq_f32(a); }
  // By compares, for the instructions that give NaN where one operand is NaN.
  static Real raise(Real a, Real b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static Real lower(Real a, Real b) { return vbslq_f32(vcgtq_f32(b, a), a, b); }
  static Real larger(Real a, Real b) { return raise(b, a); }
  static int32x4_t larger(int32x4_t a, int32x4_t b) { return vmaxq_s32(a, b); }
  /// The largest number below 1/2 takes v to the next whole number exactly where v + 1/2 does.
  static int32x4_t round(Real v, Real top) {
    v = lower(raise(v, splat(0)), top);
    return vcvtq_s32_f32(v + splat(0x1.fffffep-2f));
  }
  static float largest(Real v) {
    float lanes[kCount];
    store(v, lanes);
    float most = lanes[0];
    for (int i = 1; i < kCount; ++i) most = lanes[i] > most ? lanes[i] : most;
    return most;
  }
};
