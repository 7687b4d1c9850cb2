#pragma once

#include <cstdint>
#include <functional>

#include "fracbit/framework/real.h"

namespace fracbit::ops {

/// A gradient [N, H, W, C] whose rows are made where they are used, so that it is never in memory
/// as a whole.
struct GradientRows {
  /// Rows [begin, end) of an image, in `room` or where they are already. From any thread.
  std::function<const real*(int64_t image, int64_t begin, int64_t end, real* room)> rows;
  /// `begin` is a multiple of it, and so is `end` or it is the last row.
  int64_t band = 1;
};

}  // namespace fracbit::ops
