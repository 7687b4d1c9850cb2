#include "fracbit/data/image.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "fracbit/data/file.h"
#include "fracbit/data/picture.h"
#include "support.h"

namespace fracbit {
namespace {

using Bytes = std::vector<uint8_t>;
using test::contains;
using test::message_of;
using test::TemporaryFolder;
using test::write_file;

void append_big_endian(Bytes& bytes, uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<uint8_t>(value >> shift));
}

uint32_t crc(const Bytes& bytes) {
  uint32_t value = ~uint32_t{0};
  for (const uint8_t byte : bytes) {
    value ^= byte;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
  }
  return ~value;
}

void append_chunk(Bytes& png, const std::string& type, const Bytes& content) {
  append_big_endian(png, static_cast<uint32_t>(content.size()));
  Bytes checked(type.begin(), type.end());
  checked.insert(checked.end(), content.begin(), content.end());
  png.insert(png.end(), checked.begin(), checked.end());
  append_big_endian(png, crc(checked));
}

Bytes png_header(uint32_t width, uint32_t height, int64_t channels) {
  Bytes header;
  append_big_endian(header, width);
  append_big_endian(header, height);
  const std::array<uint8_t, 4> colour_types = {0, 4, 2, 6};
  header.insert(header.end(), {8, colour_types[static_cast<size_t>(channels - 1)], 0, 0, 0});
  return header;
}

// An 8-bit PNG file whose data are stored, not compressed.
Bytes png(const data::Picture& picture) {
  Bytes rows;
  const auto line = static_cast<size_t>(picture.width * picture.channels);
  for (size_t at = 0; at < picture.bytes.size(); ++at) {
    if (at % line == 0) rows.push_back(0);
    rows.push_back(picture.bytes[at]);
  }
  const auto length = static_cast<uint16_t>(rows.size());
  Bytes zlib = {0x78, 0x01, 1};
  for (const uint16_t word : {length, static_cast<uint16_t>(~length)}) {
    zlib.push_back(static_cast<uint8_t>(word));
    zlib.push_back(static_cast<uint8_t>(word >> 8));
  }
  zlib.insert(zlib.end(), rows.begin(), rows.end());
  uint32_t low = 1;
  uint32_t high = 0;
  for (const uint8_t byte : rows) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  append_big_endian(zlib, high << 16 | low);
  Bytes file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  append_chunk(file, "IHDR",
               png_header(static_cast<uint32_t>(picture.width),
                          static_cast<uint32_t>(picture.height), picture.channels));
  append_chunk(file, "IDAT", zlib);
  append_chunk(file, "IEND", {});
  return file;
}

// 16 x 8 grey: 120 at the top left, 40 at the bottom left, 200 on the right.
const Bytes kJpeg = {
    0xff, 0xd8, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x05, 0x03, 0x04, 0x04, 0x04, 0x03, 0x05, 0x04, 0x04,
    0x04, 0x05, 0x05, 0x05, 0x06, 0x07, 0x0c, 0x08, 0x07, 0x07, 0x07, 0x07, 0x0f, 0x0b, 0x0b, 0x09,
    0x0c, 0x11, 0x0f, 0x12, 0x12, 0x11, 0x0f, 0x11, 0x11, 0x13, 0x16, 0x1c, 0x17, 0x13, 0x14, 0x1a,
    0x15, 0x11, 0x11, 0x18, 0x21, 0x18, 0x1a, 0x1d, 0x1d, 0x1f, 0x1f, 0x1f, 0x13, 0x17, 0x22, 0x24,
    0x22, 0x1e, 0x24, 0x1c, 0x1e, 0x1f, 0x1e, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08, 0x00, 0x10,
    0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x08, 0xff, 0xc4, 0x00, 0x18, 0x10,
    0x00, 0x02, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x17, 0x65, 0xa4, 0xe2, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x32,
    0x64, 0xc3, 0x5a, 0xc1, 0x60, 0x1f, 0xff, 0xd9};

Tensor decode(const Bytes& bytes, const Shape& shape) {
  return data::decode_image(bytes, shape, "file");
}

std::string refusal(const Bytes& bytes) {
  return message_of([&] { decode(bytes, {4, 4, 3}); });
}

Bytes prefix(const Bytes& bytes, size_t length) {
  return {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)};
}

// Decodes, or throws FileError; anything else fails the test. True if it gave an image.
bool decodes_or_refuses(const Bytes& bytes) {
  try {
    const Tensor image = decode(bytes, {5, 3, 3});
    CHECK(std::all_of(image.span().begin(), image.span().end(),
                      [](real x) { return x >= 0 && x <= static_cast<real>(1.0001); }));
    return true;
  } catch (const FileError& error) {
    CHECK_FALSE(contains(error.what(), "\n"));
    return false;
  }
}

// Bytes of the picture, as its values times 255.
std::vector<int> values(const Tensor& image) {
  std::vector<int> result;
  for (const real x : image.span()) result.push_back(static_cast<int>(std::lround(x * 255)));
  return result;
}

}  // namespace

TEST_CASE("image: PNG of 1 to 4 channels becomes grey or colour, transparent parts white") {
  const data::Picture grey = {.height = 1, .width = 2, .channels = 1, .bytes = {10, 250}};
  CHECK(values(decode(png(grey), {1, 2, 1})) == std::vector<int>{10, 250});
  CHECK(values(decode(png(grey), {1, 2, 3})) == std::vector<int>{10, 10, 10, 250, 250, 250});
  const data::Picture grey_alpha = {
      .height = 1, .width = 2, .channels = 2, .bytes = {10, 255, 10, 0}};
  CHECK(values(decode(png(grey_alpha), {1, 2, 1})) == std::vector<int>{10, 255});
  const data::Picture rgb = {.height = 1, .width = 1, .channels = 3, .bytes = {255, 100, 0}};
  CHECK(values(decode(png(rgb), {1, 1, 3})) == std::vector<int>{255, 100, 0});
  CHECK(values(decode(png(rgb), {1, 1, 1})) == std::vector<int>{135});
  const data::Picture rgba = {.height = 1, .width = 1, .channels = 4, .bytes = {255, 100, 0, 51}};
  CHECK(values(decode(png(rgba), {1, 1, 3})) == std::vector<int>{255, 224, 204});
  CHECK(decode(png(rgba), {1, 1, 1, 3}).shape() == Shape{1, 1, 1, 3});
}

TEST_CASE("image: JPEG is decoded and stretched") {
  const std::vector<int> corners = values(decode(kJpeg, {2, 2, 1}));
  const std::vector<int> expected = {122, 187, 73, 179};
  for (size_t i = 0; i < 4; ++i) CHECK(std::abs(corners[i] - expected[i]) <= 2);
  CHECK(decode(kJpeg, {8, 16, 3}).shape() == Shape{8, 16, 3});
}

TEST_CASE("image: the EXIF orientation turns the picture upright") {
  // Of the stored picture: top left, top right, bottom left, bottom right.
  const std::array<std::array<int, 4>, 8> expected = {{{120, 200, 40, 200},
                                                       {200, 120, 200, 40},
                                                       {200, 40, 200, 120},
                                                       {40, 200, 120, 200},
                                                       {120, 40, 200, 200},
                                                       {40, 120, 200, 200},
                                                       {200, 200, 40, 120},
                                                       {200, 200, 120, 40}}};
  for (const bool little : {true, false}) {
    for (size_t orientation = 0; orientation < 10; ++orientation) {
      const auto o = static_cast<uint8_t>(orientation);
      Bytes exif = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
      const Bytes tiff_little = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                 0,   1,   0,  0, 0, o, 0, 0, 0, 0, 0,    0, 0};
      const Bytes tiff_big = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                              3,   0,   0, 0,  1, 0, o, 0, 0, 0, 0, 0,    0};
      const Bytes& tiff = little ? tiff_little : tiff_big;
      exif.insert(exif.end(), tiff.begin(), tiff.end());
      Bytes file = kJpeg;
      file.insert(file.begin() + 2, exif.begin(), exif.end());
      const bool known = orientation >= 1 && orientation <= 8;
      const std::array<int, 4>& corners = expected[known ? orientation - 1 : 0];
      const bool turned = known && orientation >= 5;
      const int64_t height = turned ? 16 : 8;
      const int64_t width = turned ? 8 : 16;
      const std::vector<int> image = values(decode(file, {height, width, 1}));
      const std::array<int64_t, 4> at = {0, width - 1, (height - 1) * width, height * width - 1};
      for (size_t i = 0; i < 4; ++i) {
        CHECK(std::abs(image[static_cast<size_t>(at[i])] - corners[i]) <= 3);
      }
    }
  }
}

TEST_CASE("image: resizing keeps constants and means, and enlarging is linear") {
  data::Picture picture{.height = 12, .width = 20, .channels = 3, .bytes = Bytes(720, 77)};
  for (const auto& [height, width] : {std::pair{5, 7}, {12, 20}, {1, 1}, {40, 3}, {13, 64}}) {
    const Tensor image = data::resized(picture, height, width);
    REQUIRE(image.shape() == Shape{height, width, 3});
    for (const real x : image.span()) CHECK(x * 255 == Approx(77).epsilon(1e-5));
  }
  for (size_t i = 0; i < 720; ++i) picture.bytes[i] = static_cast<uint8_t>(i * 89 % 256);
  const Tensor same = data::resized(picture, 12, 20);
  for (size_t i = 0; i < 720; ++i) CHECK(same.data()[i] * 255 == Approx(picture.bytes[i]));
  const data::Picture ramp = {.height = 1, .width = 3, .channels = 1, .bytes = {0, 100, 200}};
  CHECK(values(data::resized(ramp, 1, 6)) == std::vector<int>{0, 25, 75, 125, 175, 200});
  data::Picture stripes{.height = 1, .width = 64, .channels = 1, .bytes = {}};
  for (int i = 0; i < 64; ++i) stripes.bytes.push_back(i % 2 == 0 ? 0 : 255);
  for (const real x : data::resized(stripes, 1, 8).span()) {
    CHECK(x == Approx(0.5).margin(0.04));
  }
}

TEST_CASE("image: every truncation is refused") {
  for (const Bytes& whole :
       {kJpeg, png({.height = 2, .width = 2, .channels = 1, .bytes = {1, 2, 3, 4}})}) {
    REQUIRE(decodes_or_refuses(whole));
    for (size_t length = 0; length < whole.size(); ++length) {
      CHECK_THROWS_AS(decode(prefix(whole, length), {4, 4, 1}), FileError);
    }
  }
  CHECK(refusal({}) == "file: expects a JPEG or PNG image, found 0 bytes of another kind");
  CHECK(
      refusal(prefix(kJpeg, 140)) ==
      "file: expects JPEG data with an end marker, found none in 140 bytes (truncated or damaged)");
}

TEST_CASE("image: any flipped bit gives an image or a FileError; in a PNG it is noticed") {
  for (size_t bit = 0; bit < kJpeg.size() * 8; ++bit) {
    Bytes damaged = kJpeg;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    decodes_or_refuses(damaged);
  }
  const Bytes whole = png({.height = 2, .width = 2, .channels = 1, .bytes = {1, 2, 3, 4}});
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    CHECK_FALSE(decodes_or_refuses(damaged));
  }
}

TEST_CASE("image: a header that promises more than the file can hold is refused") {
  Bytes file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  append_chunk(file, "IHDR", png_header(15000, 15000, 3));
  append_chunk(file, "IDAT", {0x78, 0x01});
  append_chunk(file, "IEND", {});
  CHECK(contains(refusal(file), "found a header of 15000 x 15000"));
  Bytes wide = kJpeg;
  constexpr size_t kFrame = 71;  // offset of its header: height at 5, width at 7
  for (size_t at = 5; at < 9; ++at) wide[kFrame + at] = 0x7f;
  CHECK(contains(refusal(wide), "expects at most"));
}

TEST_CASE("image: Huffman tables of more codes than there can be are refused") {
  Bytes damaged = kJpeg;
  const std::array<uint8_t, 2> marker = {0xff, 0xc4};
  const auto table = std::search(damaged.begin(), damaged.end(), marker.begin(), marker.end());
  std::fill_n(table + 5, 16, uint8_t{255});
  CHECK(contains(refusal(damaged), "expects Huffman tables of at most 256 codes at offset"));
}

TEST_CASE("image: what is no image file is refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& path) {
    return message_of([&] { data::read_image(path, {4, 4, 3}); });
  };
  CHECK(contains(refused(folder / "none.png"), "No such file"));
  CHECK(contains(refused(folder.path()), "found a directory"));
  REQUIRE(mkfifo((folder / "fifo.png").c_str(), 0600) == 0);
  CHECK(contains(refused(folder / "fifo.png"), "found a FIFO"));
  write_file(folder / "text.jpg", {'h', 'e', 'l', 'l', 'o'});
  CHECK(refused(folder / "text.jpg") ==
        folder / "text.jpg" + ": expects a JPEG or PNG image, found 5 bytes of another kind");
  for (const Shape& shape : {Shape{4, 4}, {4, 4, 2}, {2, 4, 4, 3}, {0, 4, 3}}) {
    CHECK_THROWS_AS(decode(kJpeg, shape), ShapeError);
  }
}

TEST_CASE("image: odd and damaged files of the wild give an image or a FileError") {
  const std::string root = test::real_data("odd-images");
  if (root.empty()) {
    WARN("SKIPPED: no odd-images folder in FRACBIT_DATA");
    return;
  }
  const std::vector<std::string> damaged = {"1006.jpg", "imageNotFound.gif", "truncated.jpg",
                                            "header_only.jpg", "empty.jpg"};
  int images = 0;
  for (const char* folder : {"real", "derived"}) {
    for (const auto& entry : std::filesystem::directory_iterator(root + "/" + folder)) {
      const std::string name = entry.path().filename().string();
      INFO(name);
      const bool decoded = decodes_or_refuses(data::read_file(entry.path().string()));
      const bool expected = std::find(damaged.begin(), damaged.end(), name) == damaged.end();
      if (name != "bit_rot.jpg") CHECK(decoded == expected);
      images += decoded;
    }
  }
  CHECK(images >= 35);
}

TEST_CASE("image: the same photograph in several forms gives the same image") {
  const std::string root = test::real_data("odd-images/derived");
  if (root.empty()) {
    WARN("SKIPPED: no odd-images folder in FRACBIT_DATA");
    return;
  }
  const Shape shape{24, 24, 3};
  const Tensor upright = data::read_image(root + "/rgba.png", shape);
  Tensor turned = upright;  // by a quarter to the right, as orientation 6 asks for
  for (int64_t y = 0; y < 24; ++y) {
    for (int64_t x = 0; x < 24; ++x) {
      std::copy_n(upright.data() + ((23 - x) * 24 + y) * 3, 3, turned.data() + (y * 24 + x) * 3);
    }
  }
  const auto difference = [&](const char* name, const Tensor& expected) {
    const Tensor image = data::read_image(root + "/" + name, shape);
    real sum = 0;
    for (int64_t i = 0; i < image.size(); ++i) sum += std::abs(image[i] - expected[i]);
    return sum / static_cast<real>(image.size());
  };
  for (const char* name : {"rgb_progressive_420.jpg", "palette_png_named.jpg", "cmyk_adobe.jpg"}) {
    INFO(name);
    CHECK(difference(name, upright) < 0.02);
  }
  CHECK(difference("exif_orientation_6.jpg", turned) < 0.02);
  CHECK(difference("exif_orientation_6.jpg", upright) > 0.05);
}

}  // namespace fracbit
