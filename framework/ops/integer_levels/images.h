#pragma once

#include "fracbit/framework/ops/integer_levels/windows.h"

namespace fracbit::ops::integer_levels {

/// Copies one image of levels into groups, with a border of zeros. Bytes become unsigned by an
/// offset of 128. `x` is the image's first number of the group of channels, `pixel` the numbers
/// from one pixel to the next.
void copy_levels(const PaddedImage& image, const int8_t* x, int64_t pixel, uint8_t* to);
void copy_levels(const PaddedImage& image, const int16_t* x, int64_t pixel, uint8_t* to);

/// Copies one image of gradient codes: bytes q, with a border of q = 0 that the terms correct;
/// words 2 q - top, with a border of zeros.
void copy_codes(const PaddedImage& image, const Format& format, int32_t top, const uint8_t* q,
                int64_t pixel, uint8_t* to);

}  // namespace fracbit::ops::integer_levels
