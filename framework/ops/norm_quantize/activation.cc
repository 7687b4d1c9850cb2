#include "fracbit/framework/ops/norm_quantize/activation.h"

#include <limits>

#include "fracbit/framework/kernels/norm/norm.h"

namespace fracbit::ops {

kernels::norm::Activation activation_of(BlockActivation activation) {
  constexpr real kEnd = std::numeric_limits<real>::infinity();
  // The neighbours of an end point, for windows that leave it out.
  constexpr real kAboveZero = std::numeric_limits<real>::denorm_min();
  constexpr real kBelowOne = 1 - std::numeric_limits<real>::epsilon() / 2;
  switch (activation) {
    case BlockActivation::identity:
      break;
    case BlockActivation::relu:
      return {.two_sided = false, .low = 0, .high = kEnd, .from = kAboveZero, .to = kEnd};
    case BlockActivation::clip01:
      return {.two_sided = false, .low = 0, .high = 1, .from = 0, .to = 1};
    case BlockActivation::cabs:
      return {.two_sided = true, .low = 0, .high = 1, .from = kAboveZero, .to = kBelowOne};
    case BlockActivation::sign:
      return {.two_sided = false, .low = -1, .high = 1, .from = -1, .to = 1};
  }
  return {.two_sided = false, .low = -kEnd, .high = kEnd, .from = -kEnd, .to = kEnd};
}

kernels::norm::Activation activation_of(const NormQuantizeOptions& options) {
  kernels::norm::Activation h = activation_of(options.activation);
  if (options.activation == BlockActivation::identity) {
    h.from = -options.window;
    h.to = options.window;
  }
  return h;
}

}  // namespace fracbit::ops
