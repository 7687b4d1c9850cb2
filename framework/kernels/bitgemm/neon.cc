#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/bitgemm/bitgemm.h"

namespace fracbit::kernels::bitgemm {
namespace {

/// Two lanes: the counts of the bytes, added in pairs three times.
struct Lanes {
  using Word = uint64x2_t;
  static constexpr int kCount = 2, kVectors = 4, kCodePixels = 3, kMaskPixels = 2, kUnroll = 1;

  static Word load(const uint64_t* p) { return vld1q_u64(p); }
  static Word broadcast(const uint64_t* p) { return vdupq_n_u64(*p); }
  static Word zero() { return vdupq_n_u64(0); }
  static Word add(Word a, Word b) { return vaddq_u64(a, b); }
  static Word sub(Word a, Word b) { return vsubq_u64(a, b); }
  static Word op_and(Word a, Word b) { return vandq_u64(a, b); }
  static Word op_xor(Word a, Word b) { return veorq_u64(a, b); }
  static Word op_xor_and(Word a, Word b, Word mask) { return op_and(op_xor(a, b), mask); }
  static Word popcount(Word a) {
    return vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u64(a)))));
  }
  static int32_t popcount_word(uint64_t word) { return vaddv_u8(vcnt_u8(vcreate_u8(word))); }
  struct Sums {
    int32x4_t low, high;
  };
  static int32x4_t halves(Word a, Word b) {
    return vreinterpretq_s32_u32(vcombine_u32(vmovn_u64(a), vmovn_u64(b)));
  }
  static Sums narrow(const Word (&words)[kVectors]) {
    return {halves(words[0], words[1]), halves(words[2], words[3])};
  }
  static Sums sums_splat(int32_t a) { return {vdupq_n_s32(a), vdupq_n_s32(a)}; }
  static Sums sums_add(Sums a, Sums b) {
    return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)};
  }
  static Sums sums_mul(Sums a, Sums b) {
    return {vmulq_s32(a.low, b.low), vmulq_s32(a.high, b.high)};
  }
  static Sums sums_load(const int32_t* p) { return {vld1q_s32(p), vld1q_s32(p + 4)}; }
  static void sums_store(Sums a, int32_t* p) {
    vst1q_s32(p, a.low);
    vst1q_s32(p + 4, a.high);
  }
  static void sums_store_narrow(Sums a, int16_t* p) {
    vst1q_s16(p, vcombine_s16(vmovn_s32(a.low), vmovn_s32(a.high)));
  }
};

#include "fracbit/framework/kernels/bitgemm/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon");

}  // namespace fracbit::kernels::bitgemm
