#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fracbit::data {

/// Checks that a JPEG file goes on to its end marker with possible Huffman tables, or a PNG file to
/// its last chunk with every checksum right: decoders fill what is missing with grey. Nothing is
/// decoded. Throws FileError if not, or if the bytes are neither. `path` is for messages.
void check_image_file(std::span<const uint8_t> bytes, const std::string& path);

/// The EXIF orientation of a JPEG file, 1 (upright) to 8; 1 if there is none.
int exif_orientation(std::span<const uint8_t> bytes);

}  // namespace fracbit::data
