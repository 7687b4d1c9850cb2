#include "fracbit/data/image_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

using Bytes = std::span<const uint8_t>;

bool starts_with(Bytes bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

uint32_t big_endian(Bytes bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

constexpr uint8_t kHuffmanTables = 0xc4;
constexpr uint8_t kEndOfImage = 0xd9;
constexpr uint8_t kStartOfScan = 0xda;
constexpr uint8_t kApp1 = 0xe1;

bool is_restart(uint8_t marker) {
  return marker >= 0xd0 && marker <= 0xd7;
}

// A marker and the segment behind its length.
struct Segment {
  uint8_t marker = 0;
  Bytes content;
};

/// The segments of a JPEG file one after the other.
class JpegWalk {
 public:
  explicit JpegWalk(Bytes bytes) : bytes_(bytes) {}

  // Nothing at the end of the file, or where no marker stands.
  std::optional<Segment> next() {
    if (at_ + 1 >= bytes_.size() || bytes_[at_] != 0xff) return std::nullopt;
    while (at_ + 1 < bytes_.size() && bytes_[at_ + 1] == 0xff) ++at_;
    if (at_ + 1 >= bytes_.size()) return std::nullopt;
    Segment segment{.marker = bytes_[at_ + 1], .content = {}};
    at_ += 2;
    if (segment.marker == kEndOfImage) return segment;
    if (at_ + 2 > bytes_.size()) return std::nullopt;
    const size_t length = big_endian(bytes_, at_, 2);
    if (length < 2 || at_ + length > bytes_.size()) return std::nullopt;
    segment.content = bytes_.subspan(at_ + 2, length - 2);
    at_ += length;
    if (segment.marker == kStartOfScan) skip_scan();
    return segment;
  }

 private:
  // To the marker that ends the entropy-coded data; 0xff 0x00 is a byte of theirs.
  void skip_scan() {
    while (at_ + 1 < bytes_.size()) {
      const uint8_t marker = bytes_[at_ + 1];
      if (bytes_[at_] == 0xff && marker != 0 && !is_restart(marker)) return;
      ++at_;
    }
    at_ = bytes_.size();
  }

  Bytes bytes_;
  size_t at_ = 2;
};

// Each table is a class, sixteen counts of codes, and the codes, of which a byte can tell 256
// apart. stb_image believes the counts and writes behind its table if they are more.
bool huffman_tables_fit(Bytes tables) {
  constexpr size_t kHeader = 17;
  while (!tables.empty()) {
    if (tables.size() < kHeader) return false;
    size_t codes = 0;
    for (const uint8_t count : tables.subspan(1, kHeader - 1)) codes += count;
    if (codes > 256 || tables.size() < kHeader + codes) return false;
    tables = tables.subspan(kHeader + codes);
  }
  return true;
}

void check_jpeg(Bytes bytes, const std::string& path) {
  JpegWalk walk(bytes);
  while (const std::optional<Segment> segment = walk.next()) {
    if (segment->marker == kEndOfImage) return;
    if (segment->marker == kHuffmanTables && !huffman_tables_fit(segment->content)) {
      throw FileError(path + ": expects Huffman tables of at most 256 codes at offset " +
                      std::to_string(segment->content.data() - bytes.data()) + ", found damage");
    }
  }
  throw FileError(path + ": expects JPEG data with an end marker, found none in " +
                  std::to_string(bytes.size()) + " bytes (truncated or damaged)");
}

uint32_t crc32(Bytes bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> result{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
      result[i] = value;
    }
    return result;
  }();
  uint32_t crc = ~uint32_t{0};
  for (const uint8_t byte : bytes) crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
  return ~crc;
}

void check_png(Bytes bytes, const std::string& path) {
  constexpr size_t kAround = 12;  // length, type and checksum of a chunk
  for (size_t at = 8; bytes.size() - at >= kAround;) {
    const size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - kAround) break;
    const Bytes checked = bytes.subspan(at + 4, 4 + length);
    if (crc32(checked) != big_endian(bytes, at + 8 + length, 4)) {
      throw FileError(path + ": expects a PNG chunk with the right checksum at offset " +
                      std::to_string(at) + ", found damage");
    }
    if (starts_with(checked, "IEND")) return;
    at += kAround + length;
  }
  throw FileError(path + ": expects PNG data with an IEND chunk, found none in " +
                  std::to_string(bytes.size()) + " bytes (truncated or damaged)");
}

// A TIFF header and directory, from which only the orientation is read.
int tiff_orientation(Bytes tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = starts_with(tiff, "II");
  const auto number = [&](size_t at, size_t count) {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      value |= uint32_t{tiff[at + i]} << 8 * (little ? i : count - 1 - i);
    }
    return value;
  };
  const size_t directory = number(4, 4);
  if (directory > tiff.size() - 2) return 1;
  const size_t entries = number(directory, 2);
  constexpr size_t kEntry = 12;
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + i * kEntry;
    if (at + kEntry > tiff.size()) return 1;
    constexpr uint32_t kOrientationTag = 0x0112;
    if (number(at, 2) != kOrientationTag) continue;
    const uint32_t orientation = number(at + 8, 2);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

constexpr std::string_view kJpeg = "\xff\xd8\xff";
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";

}  // namespace

void check_image_file(Bytes bytes, const std::string& path) {
  if (starts_with(bytes, kJpeg)) {
    check_jpeg(bytes, path);
  } else if (starts_with(bytes, kPng)) {
    check_png(bytes, path);
  } else {
    throw FileError(path + ": expects a JPEG or PNG image, found " + std::to_string(bytes.size()) +
                    " bytes of another kind");
  }
}

int exif_orientation(Bytes bytes) {
  if (!starts_with(bytes, kJpeg)) return 1;
  constexpr std::string_view kExif("Exif\0\0", 6);
  JpegWalk walk(bytes);
  while (const std::optional<Segment> segment = walk.next()) {
    if (segment->marker == kStartOfScan || segment->marker == kEndOfImage) break;
    if (segment->marker == kApp1 && starts_with(segment->content, kExif)) {
      return tiff_orientation(segment->content.subspan(kExif.size()));
    }
  }
  return 1;
}

}  // namespace fracbit::data
