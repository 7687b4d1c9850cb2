#include "fracbit/data/image.h"

#include <algorithm>
#include <memory>

#include "fracbit/data/file.h"
#include "fracbit/data/image_file.h"
#include "fracbit/data/picture.h"
#include "fracbit/framework/error.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(condition) static_cast<void>(0)
#include <stb/stb_image.h>

namespace fracbit::data {
namespace {

constexpr int64_t kMaxBytes = int64_t{1} << 28;
constexpr int64_t kMaxPixels = int64_t{1} << 26;
// One bit a pixel, deflated 1:1032, is the most that either format can promise.
constexpr int64_t kMaxPixelsPerByte = 8 * 1032;

struct Size {
  int width = 0;
  int height = 0;
  int channels = 0;
};

[[noreturn]] void refuse(const std::string& path) {
  throw FileError(path + ": expects a JPEG or PNG image, found: " + stbi_failure_reason());
}

// Width and height from the header, before anything is allocated.
void check_size(std::span<const uint8_t> bytes, const std::string& path) {
  const auto length = static_cast<int>(bytes.size());
  Size size;
  if (!stbi_info_from_memory(bytes.data(), length, &size.width, &size.height, &size.channels)) {
    refuse(path);
  }
  const int64_t pixels = int64_t{size.width} * size.height;
  const int64_t most = std::min(kMaxPixels, kMaxPixelsPerByte * static_cast<int64_t>(length));
  if (pixels > most) {
    throw FileError(path + ": expects at most " + std::to_string(most) + " pixels in " +
                    std::to_string(length) + " bytes, found a header of " +
                    std::to_string(size.width) + " x " + std::to_string(size.height));
  }
}

Picture decode(std::span<const uint8_t> bytes, const std::string& path) {
  Size size;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()), &size.width, &size.height,
                            &size.channels, 0),
      stbi_image_free);
  if (!pixels) refuse(path);
  const size_t count = static_cast<size_t>(size.width) * static_cast<size_t>(size.height) *
                       static_cast<size_t>(size.channels);
  return {.height = size.height,
          .width = size.width,
          .channels = size.channels,
          .bytes = {pixels.get(), pixels.get() + count}};
}

// [H, W, C] of [H, W, C] or [1, H, W, C].
Shape image_shape(const Shape& shape) {
  const bool batch = shape.rank() == 4 && shape[0] == 1;
  if (batch || shape.rank() == 3) {
    const Shape image{shape[-3], shape[-2], shape[-1]};
    if (image.size() > 0 && (image[2] == 1 || image[2] == 3)) return image;
  }
  throw ShapeError("[read_image] expects a shape [H, W, C] or [1, H, W, C] with C = 1 or 3, got " +
                   to_string(shape));
}

}  // namespace

Tensor decode_image(std::span<const uint8_t> bytes, const Shape& shape, const std::string& path) {
  const Shape image = image_shape(shape);
  check_image_file(bytes, path);
  check_size(bytes, path);
  const Picture picture = oriented(decode(bytes, path), exif_orientation(bytes));
  return resized(with_channels(picture, image[2]), image[0], image[1]).reshaped(shape);
}

Tensor read_image(const std::string& path, const Shape& shape) {
  return decode_image(read_file(path, kMaxBytes), shape, path);
}

}  // namespace fracbit::data
