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
      break;
  }
  if (order.empty()) return planes() * words_per_plane() * 8;
  int64_t words = 0;
  for (const int64_t count : counts) words += ceil_div(count, 64);
  return 8 * words;
}

void Layout::order_channels() {
  for (int width = value.bits; width > 0; --width) {
    for (size_t c = 0; c < value.widths.size(); ++c) {
      if (value.widths[c] == width) order.push_back(static_cast<int32_t>(c));
    }
    counts.insert(counts.begin(), static_cast<int64_t>(order.size()));
  }
}

}  // namespace fracbit::deploy::runtime
