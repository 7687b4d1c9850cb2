#pragma once

#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/channels.h"

namespace fracbit::ops {

/// Mean of D and sum of squared deviations from it, per channel of the last axis, from exact sums:
/// rounded once. |D| <= most; 0: not known.
ChannelMoments whole_moments(const IntTensor& d, int64_t most);
/// The same of whole numbers in floats, |D| < 2^31.
ChannelMoments whole_moments(const Tensor& d);
/// Of floats, in one pass over memory: blocks of pixels are merged in double, in their order.
ChannelMoments real_moments(const Tensor& d);

}  // namespace fracbit::ops
