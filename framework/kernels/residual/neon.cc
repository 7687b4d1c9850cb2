#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/residual/residual.h"

namespace fracbit::kernels::residual {
namespace {

struct Lanes {
  using Reals = float32x4_t;
  using Mask = uint32x4_t;
  struct Wide {
    float64x2_t low, high;
  };
  static constexpr int kCount = 4;

  static Reals load(const real* p) { return vld1q_f32(p); }
  static void store(real* p, Reals v) { vst1q_f32(p, v); }
  static Reals splat(real a) { return vdupq_n_f32(a); }
  static Reals magnitude(Reals v) { return vabsq_f32(v); }
  static Reals sub(Reals a, Reals b) { return vsubq_f32(a, b); }
  static Mask at_least(Reals a, Reals b) { return vcgeq_f32(a, b); }
  static Mask above(Reals a, Reals b) { return vcgtq_f32(a, b); }
  static Mask below(Reals a, Reals b) { return vcltq_f32(a, b); }
  static Mask wider(const uint8_t* p, int n) {
    const uint32x4_t widths = {p[0], p[1], p[2], p[3]};
    return vcgtq_u32(widths, vdupq_n_u32(static_cast<uint32_t>(n)));
  }
  static Mask all() { return vdupq_n_u32(~0u); }
  static Mask first(int n) {
    const int32x4_t lane = {0, 1, 2, 3};
    return vcgtq_s32(vdupq_n_s32(n), lane);
  }
  static Mask both(Mask a, Mask b) { return vandq_u32(a, b); }
  static uint64_t bits(Mask m) {
    const uint32x4_t place = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, place));
  }
  static int64_t ones(Mask m) { return vaddvq_u32(vshrq_n_u32(m, 31)); }
  static Reals choose(Mask m, Reals a, Reals b) { return vbslq_f32(m, a, b); }
  static Reals add_where(Mask m, Reals v, Reals a) { return choose(m, vaddq_f32(v, a), v); }
  static Reals keep(Mask m, Reals v) {
    return vreinterpretq_f32_u32(vandq_u32(m, vreinterpretq_u32_f32(v)));
  }
  static Wide none() { return {vdupq_n_f64(0), vdupq_n_f64(0)}; }
  static void accumulate(Wide& sum, Reals v) {
    sum.low = vaddq_f64(sum.low, vcvt_f64_f32(vget_low_f32(v)));
    sum.high = vaddq_f64(sum.high, vcvt_high_f64_f32(v));
  }
  static void spill(Wide sum, double* to) {
    vst1q_f64(to, sum.low);
    vst1q_f64(to + 2, sum.high);
  }
  /// Whole numbers as 16 bits.
  static int16x4_t words(Reals v) { return vqmovn_s32(vcvtnq_s32_f32(v)); }
  static void store_bytes(int8_t* p, Reals v) {
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(words(v), words(v)));
    const int32_t four = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
    __builtin_memcpy(p, &four, sizeof four);
  }
  static void store_words(int16_t* p, Reals v) { vst1_s16(p, words(v)); }
  static void store_bins(uint16_t* p, Reals key) {
    vst1_u16(p, vmovn_u32(vshrq_n_u32(vreinterpretq_u32_f32(key), 31 - kBinBits)));
  }
  static void append(real* p, Reals v, Mask m) {
    real all[kCount];
    store(all, v);
    for (uint64_t left = bits(m); left != 0; left &= left - 1) *p++ = all[__builtin_ctzll(left)];
  }
};

#include "fracbit/framework/kernels/residual/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon");

}  // namespace fracbit::kernels::residual
