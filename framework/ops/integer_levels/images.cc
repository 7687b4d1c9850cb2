#include "fracbit/framework/ops/integer_levels/images.h"

#include <algorithm>

namespace fracbit::ops::integer_levels {
namespace {

/// Copies an image into numbers T. `convert` maps a number of x.
template <typename T, typename From, typename Convert>
void copy_image(const PaddedImage& image, const From* x, int64_t pixel, T border, uint8_t* to,
                const Convert& convert) {
  const int64_t padded = image.run * kGroup / static_cast<int64_t>(sizeof(T));
  const int64_t line = image.columns * padded;
  T* out = reinterpret_cast<T*>(to);
  std::fill_n(out, image.above * line, border);
  T* row = out + image.above * line;
  const bool dense = padded == pixel && padded == image.channels;
  for (int64_t i = 0; i < image.height; ++i, row += line) {
    T* end = std::fill_n(row, image.left * padded, border);
    const From* from = x + i * image.width * pixel;
    if (dense) {
      end = std::transform(from, from + image.width * pixel, end, convert);
    } else {
      for (int64_t j = 0; j < image.width; ++j, from += pixel) {
        end = std::transform(from, from + image.channels, end, convert);
        end = std::fill_n(end, padded - image.channels, border);
      }
    }
    std::fill(end, row + line, border);
  }
  std::fill(row, out + image.rows * line, border);
}

}  // namespace

void copy_levels(const PaddedImage& image, const int8_t* x, int64_t pixel, uint8_t* to) {
  copy_image<uint8_t>(image, x, pixel, Format::kOffset, to,
                      [](int8_t level) { return static_cast<uint8_t>(level + Format::kOffset); });
}

void copy_levels(const PaddedImage& image, const int16_t* x, int64_t pixel, uint8_t* to) {
  copy_image<int16_t>(image, x, pixel, 0, to, [](int16_t level) { return level; });
}

void copy_codes(const PaddedImage& image, const Format& format, int32_t top, const uint8_t* q,
                int64_t pixel, uint8_t* to) {
  if (format.bytes) {
    copy_image<uint8_t>(image, q, pixel, 0, to, [](uint8_t code) { return code; });
  } else {
    copy_image<int16_t>(image, q, pixel, 0, to,
                        [top](uint8_t code) { return static_cast<int16_t>(2 * code - top); });
  }
}

}  // namespace fracbit::ops::integer_levels
