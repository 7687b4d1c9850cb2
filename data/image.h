#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fracbit/framework/tensor.h"

namespace fracbit::data {

/// The picture of a JPEG or PNG file, for a network's input: turned upright as its EXIF orientation
/// says, in C = 1 (luma) or 3 (RGB) channels, transparent parts white, stretched to H x W by
/// `resized` (picture.h).
///
/// Shapes   shape is [H, W, C] or [1, H, W, C], and so is the result.
/// Range    0..1; see normalize_channels (transform.h) for what a network expects.
/// Throws   FileError if the file is missing, not regular, truncated, damaged, of another kind, or
///          promises more than 2^26 pixels; ShapeError for a shape of another form.
Tensor read_image(const std::string& path, const Shape& shape);

/// read_image of a file's bytes. `path` is for messages.
Tensor decode_image(std::span<const uint8_t> bytes, const Shape& shape, const std::string& path);

}  // namespace fracbit::data
