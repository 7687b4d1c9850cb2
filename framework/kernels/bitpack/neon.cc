#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitpack/bitpack.h"

namespace fracbit::kernels::bitpack {
namespace {

struct Lanes {
  using Values = float32x4_t;
  static constexpr int kCount = 4, kCodes = 8;

  static uint64_t at_least(const real* values, real threshold) {
    const uint32x4_t place = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgeq_f32(vld1q_f32(values), splat(threshold)), place));
  }
  static uint64_t bits(const uint16_t* codes, int p) {
    const uint16x8_t place = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t bit = vdupq_n_u16(static_cast<uint16_t>(1u << p));
    return vaddvq_u16(vandq_u16(vtstq_u16(vld1q_u16(codes), bit), place));
  }
  static Values splat(real a) { return vdupq_n_f32(a); }
  static void store(Values value, real* out) { vst1q_f32(out, value); }
  /// All ones in the lanes whose bit is set.
  static uint32x4_t spread(uint64_t bits) {
    const uint32x4_t lane = {1, 2, 4, 8};
    return vtstq_u32(vdupq_n_u32(static_cast<uint32_t>(bits & 15)), lane);
  }
  static Values keep(uint32x4_t mask, Values a) {
    return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(a)));
  }
  static Values add_where(Values value, uint64_t bits, real a) {
    return vaddq_f32(value, keep(spread(bits), splat(a)));
  }
  static Values add_signed(Values value, uint64_t mask, uint64_t sign, real a) {
    const Values change = vbslq_f32(spread(sign), splat(a), splat(-a));
    return vaddq_f32(value, keep(spread(mask), change));
  }
};

#include "fracbit/framework/kernels/bitpack/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon");

}  // namespace fracbit::kernels::bitpack
