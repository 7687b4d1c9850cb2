#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::kernels::norm {
namespace {

#include "fracbit/framework/kernels/norm/one.inc.h"
//
#include "fracbit/framework/kernels/norm/wide_neon.inc.h"

template <class T>
struct Compare;

/// Two vectors, so that their compares narrow to the bytes of one.
template <>
struct Compare<int16_t> {
  static constexpr int kCount = 16;
  struct Pair {
    int16x8_t low, high;
  };

  static int16x8_t flip_half(const float* scale) {
    const uint16x4_t a = vmovn_u32(vcltzq_f32(vld1q_f32(scale)));
    return vreinterpretq_s16_u16(vcombine_u16(a, vmovn_u32(vcltzq_f32(vld1q_f32(scale + 4)))));
  }
  /// -1 in channels with scale < 0, else 0.
  static Pair flip(const float* scale) { return {flip_half(scale), flip_half(scale + 8)}; }
  static Pair read(const int16_t* p) { return {vld1q_s16(p), vld1q_s16(p + 8)}; }
  static int16x8_t negate_where(int16x8_t flip, int16x8_t d) {
    return vsubq_s16(veorq_s16(d, flip), flip);
  }
  static Pair load(const int16_t* d, Pair flip) {
    const Pair a = read(d);
    return {negate_where(flip.low, a.low), negate_where(flip.high, a.high)};
  }
  static Pair larger(Pair a, Pair b) {
    return {vmaxq_s16(a.low, b.low), vmaxq_s16(a.high, b.high)};
  }
  static uint64_t greater(Pair a, Pair b) {
    const uint8x8_t place = vcreate_u8(0x8040201008040201u);
    const uint8x8_t low = vand_u8(vmovn_u16(vcgtq_s16(a.low, b.low)), place);
    const uint8x8_t high = vand_u8(vmovn_u16(vcgtq_s16(a.high, b.high)), place);
    return vaddv_u8(low) | uint64_t{vaddv_u8(high)} << 8;
  }
  static uint64_t above(Pair a, const int16_t* step) { return greater(a, read(step)); }
  static uint64_t below(Pair a, const int16_t* step) { return greater(read(step), a); }
};

/// Of four 32-bit numbers.
template <class T>
struct Compare {
  static constexpr int kCount = 4;
  using Block = decltype(Wide::load(static_cast<const T*>(nullptr)));

  static uint32x4_t flip(const float* scale) { return vcltzq_f32(vld1q_f32(scale)); }
  static Block load(const T* d, uint32x4_t flip) { return Wide::negate_where(flip, Wide::load(d)); }
  static Block larger(Block a, Block b) { return Wide::larger(a, b); }
  static uint64_t above(Block a, const T* step) {
    return Wide::bits(Wide::greater(a, Wide::load(step)));
  }
  static uint64_t below(Block a, const T* step) {
    return Wide::bits(Wide::greater(Wide::load(step), a));
  }
};

#include "fracbit/framework/kernels/norm/loops.inc.h"

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = make_kernels("neon");

}  // namespace fracbit::kernels::norm
