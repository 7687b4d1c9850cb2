#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/training/training.h"

namespace fracbit::kernels::norm::training {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_neon.inc.h"

/// Four blocks of Philox4x32-10, one to each lane.
struct PhiloxLanes {
  static constexpr int64_t kBlocks = 4;
  static constexpr int kChains = 4;

  using Key = uint32x4_t;

  static Key key(uint32_t k) { return vdupq_n_u32(k); }
  PhiloxLanes() = default;
  PhiloxLanes(const Philox& philox, uint32_t first) {
    const uint32x4_t lane = {0, 1, 2, 3};
    word[0] = vaddq_u32(lane, vdupq_n_u32(first));
    for (int i = 1; i < 4; ++i) word[i] = vdupq_n_u32(philox.counter[i]);
  }
  /// High and low halves of the products with m.
  struct Halves {
    uint32x4_t high, low;
  };
  static Halves product(uint32x4_t v, uint32_t m) {
    const uint32x4_t a = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32(v), m));
    const uint32x4_t b = vreinterpretq_u32_u64(vmull_n_u32(vget_high_u32(v), m));
    return {vuzp2q_u32(a, b), vuzp1q_u32(a, b)};
  }
  void round(Key k0, Key k1) {
    const Halves p0 = product(word[0], 0xD2511F53u), p1 = product(word[2], 0xCD9E8D57u);
    word[0] = veorq_u32(veorq_u32(p1.high, word[1]), k0);
    word[2] = veorq_u32(veorq_u32(p0.high, word[3]), k1);
    word[1] = p1.low;
    word[3] = p0.low;
  }
  /// (w >> 8) 2^-24 + 2^-25 - 1/2: both steps are exact.
  static float32x4_t sigma_of(uint32x4_t words) {
    const float32x4_t u = vcvtq_f32_u32(vshrq_n_u32(words, 8));
    return u * vdupq_n_f32(0x1p-24f) + vdupq_n_f32(0x1p-25f - 0.5f);
  }
  void store(float* sigma) const {
    vst4q_f32(sigma,
              {{sigma_of(word[0]), sigma_of(word[1]), sigma_of(word[2]), sigma_of(word[3])}});
  }

  uint32x4_t word[4];
};

#include "fracbit/framework/kernels/norm/training/loops.inc.h"
//
#include "fracbit/framework/kernels/norm/training/philox.inc.h"

/// Sums of eight channels of a run.
struct PairSums {
  static constexpr int kChannels = 8;

  static int16x8_t load(const int16_t* d) { return vld1q_s16(d); }
  static int16x8_t zero() { return vdupq_n_s16(0); }
  void add(int16x8_t a, int16x8_t b) {
    add(a);
    add(b);
  }
  void add(int16x8_t a) {
    sum[0] = vaddw_s16(sum[0], vget_low_s16(a));
    sum[1] = vaddw_high_s16(sum[1], a);
    square[0] = vmlal_s16(square[0], vget_low_s16(a), vget_low_s16(a));
    square[1] = vmlal_high_s16(square[1], a, a);
  }
  /// into[c] += sums of channel c.
  template <bool kSigned>
  static void flush(int32x4_t (&of)[2], int64_t* into) {
    for (int i = 0; i < 4; ++i) {
      const int32x2_t half = i % 2 == 0 ? vget_low_s32(of[i / 2]) : vget_high_s32(of[i / 2]);
      const int64x2_t wide =
          kSigned ? vmovl_s32(half) : vreinterpretq_s64_u64(vmovl_u32(vreinterpret_u32_s32(half)));
      vst1q_s64(into + 2 * i, vaddq_s64(vld1q_s64(into + 2 * i), wide));
    }
    of[0] = of[1] = vdupq_n_s32(0);
  }

  int32x4_t sum[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
  int32x4_t square[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
};

#include "fracbit/framework/kernels/norm/training/pair_sums.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_vector_kernels("neon");

}  // namespace fracbit::kernels::norm::training
