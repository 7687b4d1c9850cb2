#include "fracbit/quantize/deploy/runtime/layout.h"

namespace fracbit::deploy::runtime {

int Layout::planes() const {
  switch (value.form) {
    case Form::codes:
      return value.bits;
    case Form::signs:
      return 1;
    case Form::residual:
      return 2 * value.bits - 1;
    default:
      return 0;
  }
}

int64_t Layout::pixel_bytes() const {
  switch (value.form) {
    case Form::floats:
      return 4 * value.channels;
    case Form::grid:
      return ceil_div(value.channels * integer_bytes, 4) * 4;
    default:
      return planes() * words_per_plane() * 8;
  }
}

}  // namespace fracbit::deploy::runtime
