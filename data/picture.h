#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/tensor.h"

namespace fracbit::data {

/// A decoded picture: bytes [height, width, channels].
struct Picture {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<uint8_t> bytes;
};

/// The picture turned and mirrored as an EXIF orientation (1 to 8) says.
Picture oriented(const Picture& picture, int orientation);

/// The picture in `channels` = 1 (luma 0.299 R + 0.587 G + 0.114 B) or 3 (grey: R = G = B)
/// channels, from 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). Alpha is laid over white.
Picture with_channels(const Picture& picture, int64_t channels);

/// [height, width, C], in 0..1: each value is a mean of pixels, weighted by a triangle whose half
/// width is one pixel of the coarser of the two grids. So enlarging is bilinear, and reducing uses
/// every pixel.
Tensor resized(const Picture& picture, int64_t height, int64_t width);

}  // namespace fracbit::data
