#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/limits/limits.h"

namespace fracbit::kernels::limits {
namespace {

#include "fracbit/framework/kernels/limits/unroll.inc.h"

/// Vectors of 16 bytes; the popcount is one of bytes, which are added up now and then.
struct Lanes {
  using Reals = float32x4_t;
  using Ints = uint64x2_t;
  static constexpr int kReals = 4, kRealSums = 16, kInts = 2, kBitPixels = 4, kBitSteps = 16;
  static constexpr int kByteSums = 12, kByteMacs = 16;

  static Reals splat(real a) { return vdupq_n_f32(a); }
  static Reals fused(Reals a, Reals b, Reals c) { return vfmaq_f32(c, a, b); }
  static real first(Reals a) { return vgetq_lane_f32(a, 0); }
  static Ints zero() { return vdupq_n_u64(0); }
  static Ints load(const uint64_t* p) { return vld1q_u64(p); }
  static Ints broadcast(const uint64_t* p) { return vld1q_dup_u64(p); }
  static void store(Ints a, uint64_t* p) { vst1q_u64(p, a); }
  static Ints add(Ints a, Ints b) { return vaddq_u64(a, b); }
  static Ints count(Ints counts, Ints x, Ints w) {
    const uint8x16_t bits = vcntq_u8(vreinterpretq_u8_u64(veorq_u64(x, w)));
    return vreinterpretq_u64_u8(vaddq_u8(vreinterpretq_u8_u64(counts), bits));
  }
  static Ints widened(Ints counts) {
    return vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u64(counts))));
  }
  /// Two products to each 16-bit sum, pairs of these to each 32-bit one.
  static Ints dot(Ints sum, Ints x, Ints w) {
    asm volatile("" : "+w"(w));  // not the same product each time
    const int8x16_t a = vreinterpretq_s8_u64(x), b = vreinterpretq_s8_u64(w);
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    const int16x8_t both = vmlal_s8(low, vget_high_s8(a), vget_high_s8(b));
    return vreinterpretq_u64_s32(vpadalq_s16(vreinterpretq_s32_u64(sum), both));
  }
  static Ints look(Ints sum, Ints entries) {
    const uint8x16_t looked = vqtbl1q_u8(vreinterpretq_u8_u64(entries), vreinterpretq_u8_u64(sum));
    return vreinterpretq_u64_u16(vpadalq_u8(vreinterpretq_u16_u64(sum), looked));
  }
};

#include "fracbit/framework/kernels/limits/table.inc.h"
//
#include "fracbit/framework/kernels/limits/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon", kTable);

}  // namespace fracbit::kernels::limits
