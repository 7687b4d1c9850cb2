#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/conv2d_geometry.h"
#include "fracbit/framework/ops/integer_levels/format.h"

namespace fracbit::ops::integer_levels {

/// An image in groups with a border, the same for all images of a batch: each pixel has the groups
/// of `channels` numbers of one group of the convolution.
struct PaddedImage {
  int64_t height, width;  ///< of the image itself
  int64_t above, left;    ///< border before the image
  int64_t rows, columns;  ///< with the border
  int64_t channels;       ///< numbers of a pixel
  int64_t run;            ///< groups of a pixel
  int64_t pixel_bytes() const { return run * kGroup; }
  int64_t bytes() const { return rows * columns * pixel_bytes(); }
};

/// Windows of the pixels of one result image over a padded image.
struct Windows {
  PaddedImage image;
  std::vector<int64_t> window;                  ///< [pixels] bytes
  std::vector<int64_t> tap;                     ///< [taps] bytes
  std::vector<int64_t> place;                   ///< [pixels] elements of the result image
  std::vector<int32_t> term_row;                ///< [pixels], empty: all 0
  std::vector<std::vector<int64_t>> term_taps;  ///< for each row of terms: taps inside the image

  int64_t pixels() const { return static_cast<int64_t>(window.size()); }
  int64_t taps() const { return static_cast<int64_t>(tap.size()); }
};

/// Windows of the pixels of a grid in one image, without rows of terms.
Windows windows_of(const TapGrid& grid, const Format& format);
/// Gives each pixel the row of terms of its taps inside the image.
void classify(const TapGrid& grid, Windows& windows);

}  // namespace fracbit::ops::integer_levels
