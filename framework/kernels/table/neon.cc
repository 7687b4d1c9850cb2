#include <arm_neon.h>

#include <cstdint>

#include "fracbit/framework/kernels/table/table.h"

namespace fracbit::kernels::table {
namespace {

struct Lanes {
  struct Sums {
    int32x4_t of[4];
  };
  struct Reals {
    float32x4_t of[4];
  };
  struct Counts {
    uint16x8_t low, high;
  };
  using Bytes = uint8x16_t;
  static constexpr int kPixels[] = {8, 4}, kStreams = 2;

  template <class To, class F>
  static To each(F of) {
    return {{of(0), of(1), of(2), of(3)}};
  }

  static Sums zero() { return splat_sums(0); }
  static Sums splat_sums(int32_t a) {
    return each<Sums>([=](int) { return vdupq_n_s32(a); });
  }
  static Sums load_sums(const int32_t* p) {
    return each<Sums>([=](int i) { return vld1q_s32(p + 4 * i); });
  }
  static void store_sums(Sums a, int32_t* p) {
    for (int i = 0; i < 4; ++i) vst1q_s32(p + 4 * i, a.of[i]);
  }
  static Sums add(Sums a, Sums b) {
    return each<Sums>([&](int i) { return vaddq_s32(a.of[i], b.of[i]); });
  }
  static Sums multiply(Sums a, int32_t b) {
    return each<Sums>([&](int i) { return vmulq_n_s32(a.of[i], b); });
  }

  static Bytes splat_bytes(int a) { return vdupq_n_u8(static_cast<uint8_t>(a)); }
  static Counts no_counts() { return {vdupq_n_u16(0), vdupq_n_u16(0)}; }
  static Sums add_signed(Sums a, Counts b) {
    const int16x8_t low = vreinterpretq_s16_u16(b.low), high = vreinterpretq_s16_u16(b.high);
    return {{vaddw_s16(a.of[0], vget_low_s16(low)), vaddw_high_s16(a.of[1], low),
             vaddw_s16(a.of[2], vget_low_s16(high)), vaddw_high_s16(a.of[3], high)}};
  }
  static Sums add_unsigned(Sums a, Counts b) {
    const auto ints = [](uint16x4_t c) { return vreinterpretq_s32_u32(vmovl_u16(c)); };
    return add(a, {{ints(vget_low_u16(b.low)), ints(vget_high_u16(b.low)),
                    ints(vget_low_u16(b.high)), ints(vget_high_u16(b.high))}});
  }

  static Reals load_reals(const real* p) {
    return each<Reals>([=](int i) { return vld1q_f32(p + 4 * i); });
  }
  static Reals splat_reals(real a) {
    return each<Reals>([=](int) { return vdupq_n_f32(a); });
  }
  static Reals to_reals(Sums a) {
    return each<Reals>([&](int i) { return vcvtq_f32_s32(a.of[i]); });
  }
  static Reals multiply(Reals a, Reals b) {
    return each<Reals>([&](int i) { return vmulq_f32(a.of[i], b.of[i]); });
  }
  static Reals multiply_add(Reals a, Reals b, Reals c) {
    return each<Reals>([&](int i) { return vfmaq_f32(c.of[i], a.of[i], b.of[i]); });
  }
  static void store_reals(Reals a, int64_t count, real* p) {
    if (count >= kChannels) return store_all(a, p);
    real all[kChannels];
    store_all(a, all);
    for (int64_t i = 0; i < count; ++i) p[i] = all[i];
  }

 private:
  static void store_all(Reals a, real* p) {
    for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, a.of[i]);
  }
};

#include "fracbit/framework/kernels/table/common.inc.h"
//
#include "fracbit/framework/kernels/table/narrow_steps.inc.h"
//
#include "fracbit/framework/kernels/table/products_neon.inc.h"
//
#include "fracbit/framework/kernels/table/input.inc.h"
#include "fracbit/framework/kernels/table/weight.inc.h"
//
#include "fracbit/framework/kernels/table/layout_neon.inc.h"

using SignStep = NarrowStep<Signs>;
using PlaneStep = NarrowStep<Planes>;

}  // namespace

extern const Kernels kNeon;
const Kernels kNeon = {
    "neon",
    Lanes::kStreams,
    {nullptr, nullptr, nullptr, nullptr, input<SignStep>, nullptr},
    {nullptr, nullptr, nullptr, weight<PlaneStep>, weight<SignStep>, nullptr},
    {nullptr, nullptr, nullptr, index_sum<PlaneStep>, index_sum<SignStep>, nullptr},
    make_tables,
    make_index,
    nullptr,
    turn,
    code_sums};

}  // namespace fracbit::kernels::table
