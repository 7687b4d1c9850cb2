#pragma once

#include <limits>
#include <vector>

#include "fracbit/framework/cpu.h"
#include "fracbit/framework/kernels/norm/norm.h"

/// What a Finish is held against: the pass of norm/.
namespace fracbit::tests {

inline constexpr real kInfinity = std::numeric_limits<real>::infinity();

/// The identity, a ReLU, and a clamp.
inline constexpr kernels::norm::Activation kFinishes[] = {
    {.two_sided = false, .low = -kInfinity, .high = kInfinity, .from = 0, .to = 0},
    {.two_sided = false, .low = 0, .high = kInfinity, .from = 0, .to = 0},
    {.two_sided = false, .low = -1, .high = real{0.5}, .from = 0, .to = 0},
};

/// A channel whose results are -0, one of NaN, and those of both infinities.
inline void enter_odd_numbers(real* start, real* scale, real* shift, int64_t channels) {
  if (channels < 4) return;
  scale[0] = 0, shift[0] = real{-0.0};
  start[1] = std::numeric_limits<real>::quiet_NaN();
  start[2] = kInfinity, start[3] = -kInfinity;
}

/// h(D scale + shift).
inline std::vector<real> passed(Isa isa, const real* d, int64_t pixels, int64_t channels,
                                const kernels::norm::Affine& affine,
                                const kernels::norm::Activation& h) {
  std::vector<real> made(static_cast<size_t>(pixels * channels));
  const auto& passes = kernels::norm::passes<real>(kernels::norm::find(isa_name(isa).data()));
  passes.values({d, 0, pixels, channels}, affine, h, made.data());
  return made;
}

}  // namespace fracbit::tests
