#pragma once

#include <cstdint>
#include <functional>

#include "fracbit/framework/real.h"

namespace fracbit::ops {

/// Makes pixels [begin, end) of a result [..., C] once more, to the bit: C numbers each, from `to`
/// on. From any thread.
using MakePixels = std::function<void(int64_t begin, int64_t end, real* to)>;

}  // namespace fracbit::ops
