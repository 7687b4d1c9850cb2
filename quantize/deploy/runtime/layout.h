#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/model.h"

namespace fracbit::deploy::runtime {

/// Filters that are computed together; their bits are a quarter of a word.
inline constexpr int64_t kBlock = 16;

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// What unsigned bytes of a grid stand above their integers.
inline constexpr int kByteOffset = 128;

/// What the sums of a product are.
enum class SumType { int16, int32, real };

/// Whether sums up to that size are kept in 16 bits.
constexpr bool is_narrow(int64_t largest) {
  return largest < INT16_MAX;
}

/// How an activation lies in memory: rows of pixels, around them a border that the next product
/// reads as "no input". Planes of a pixel are [plane][64 channels to a word]:
///   codes     plane p holds bit p
///   signs     one plane
///   residual  sign of term 0, then sign and mask of each further term
///   residual, widths by channel: `order` holds channels by falling width, and term n is a sign
///             plane of the first counts[n] of them, in a whole number of words
///   grid      no planes: groups of 4 bytes, in each 4 bytes (the integer + 128) or 2 int16
struct Layout {
  Value value;
  int64_t border_begin = 0;  ///< pixels above and left
  int64_t border_end = 0;    ///< pixels below and right
  int integer_bytes = 0;     ///< grid: 1 or 2
  std::vector<int32_t> order = {};
  std::vector<int64_t> counts = {};  ///< with `order`: of each term

  bool is_packed() const { return value.form != Form::floats && value.form != Form::grid; }
  int planes() const;
  int64_t words_per_plane() const { return ceil_div(value.channels, 64); }
  /// Sorts the channels by value.widths, which are not empty.
  void order_channels();
  int64_t pixel_bytes() const;
  /// What bytes of the border are.
  std::byte border_byte() const {
    return static_cast<std::byte>(integer_bytes == 1 ? kByteOffset : 0);
  }
  int64_t row_bytes() const { return (value.width + border_begin + border_end) * pixel_bytes(); }
  int64_t rows() const { return value.height + border_begin + border_end; }
  /// Of one image; images of floats follow each other without a gap.
  int64_t bytes() const {
    const int64_t all = rows() * row_bytes();
    return value.form == Form::floats ? all : ceil_div(all, 64) * 64;
  }
  /// From the start of an image to its first pixel that is not border.
  int64_t origin() const { return border_begin * (row_bytes() + pixel_bytes()); }
};

}  // namespace fracbit::deploy::runtime
