#include <sys/stat.h>
#include <unistd.h>

#include "data/catalogue.inc"
#include "fracbit/data/cifar.h"
#include "fracbit/data/data.h"
#include "fracbit/data/file.h"
#include "fracbit/data/idx.h"
#include "support.h"

#if FRACBIT_ZLIB
#include <zlib.h>
#endif

namespace fracbit {
namespace {

using data::OpenOptions;
using test::contains;
using test::idx_bytes;
using test::message_of;
using test::TemporaryFolder;
using test::write_file;

constexpr uint32_t kImages = 2051;
constexpr uint32_t kLabels = 2049;

std::vector<uint8_t> image_file(uint32_t count = 3, uint32_t side = 28) {
  std::vector<uint8_t> pixels(size_t{count} * side * side);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7 % 251);
  return idx_bytes(kImages, {count, side, side}, pixels);
}

std::vector<uint8_t> label_file(const std::vector<uint8_t>& labels = {4, 0, 9}) {
  return idx_bytes(kLabels, {static_cast<uint32_t>(labels.size())}, labels);
}

void write_mnist(const TemporaryFolder& folder, const std::vector<uint8_t>& images,
                 const std::vector<uint8_t>& labels) {
  write_file(folder / "train-images-idx3-ubyte", images);
  write_file(folder / "train-labels-idx1-ubyte", labels);
}

std::string mnist_error(const TemporaryFolder& folder) {
  const std::string message = message_of([&] { data::open("mnist", {.root = folder.path()}); });
  CHECK(contains(message, folder.path()));
  CHECK_FALSE(contains(message, "\n"));
  return message;
}

data::IdxArray parse(const std::vector<uint8_t>& bytes, int rank = 3) {
  return data::parse_idx(bytes, rank, "file");
}

}  // namespace

TEST_CASE("mnist: a small set is read") {
  const TemporaryFolder folder;
  write_mnist(folder, image_file(), label_file());
  const auto dataset = data::open("mnist", {.root = folder.path()});
  REQUIRE(dataset->size() == 3);
  CHECK(dataset->image_shape() == Shape{28, 28, 1});
  CHECK(dataset->classes() == 10);
  CHECK(dataset->class_names()[9] == "9");
  data::Sample sample;
  dataset->get(2, sample);
  CHECK(sample.label == 9);
  CHECK(sample.image.shape() == Shape{28, 28, 1});
  CHECK(sample.image[5] == static_cast<real>((2 * 784 + 5) * 7 % 251) / 255);
  CHECK_THROWS_AS(dataset->get(3, sample), ConfigError);
  CHECK_THROWS_AS(dataset->get(-1, sample), ConfigError);
  CHECK(data::open("fashion-mnist", {.root = folder.path()})->class_names()[9] == "ankle boot");
}

TEST_CASE("mnist: files may stand in a folder of the set's name, and a limit takes the first") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "mnist");
  write_file(folder / "mnist/t10k-images-idx3-ubyte", image_file());
  write_file(folder / "mnist/t10k-labels-idx1-ubyte", label_file());
  const OpenOptions options = {.root = folder.path(), .split = "test", .limit = 2};
  const auto dataset = data::open("mnist", options);
  CHECK(dataset->size() == 2);
  data::Sample sample;
  dataset->get(0, sample);
  CHECK(sample.label == 4);
  CHECK_THROWS_AS(dataset->get(2, sample), ConfigError);
  CHECK(data::open("mnist", {.root = folder.path(), .split = "test", .limit = 5})->size() == 3);
}

TEST_CASE("mnist: images and labels that do not belong together are refused") {
  const TemporaryFolder folder;
  write_mnist(folder, image_file(3), label_file({1, 2}));
  CHECK(contains(mnist_error(folder), "expects 3 labels, one per image"));
  write_mnist(folder, image_file(3), label_file({1, 2, 10}));
  CHECK(contains(mnist_error(folder), "expects labels from 0 to 9, found 10 at offset 10"));
  write_mnist(folder, image_file(3, 27), label_file());
  CHECK(contains(mnist_error(folder), "expects images of 28 x 28, found 27 x 27"));
  write_mnist(folder, label_file(), image_file());
  CHECK(contains(mnist_error(folder), "expects an IDX header of 16 bytes, found 11 bytes"));
}

TEST_CASE("mnist: what is not a readable regular file is refused at once") {
  const TemporaryFolder folder;
  CHECK(contains(mnist_error(folder),
                 "expects train-images-idx3-ubyte or train-images-idx3-ubyte.gz in it or in its "
                 "folder mnist, found neither"));
  write_mnist(folder, image_file(), label_file());
  const std::string path = folder / "train-images-idx3-ubyte";
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(contains(mnist_error(folder), "expects a regular file, found a directory"));
  std::filesystem::remove(path);
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(contains(mnist_error(folder), "expects a regular file, found a FIFO"));
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/dev/null", path);
  CHECK(contains(mnist_error(folder), "expects a regular file, found a device"));
  std::filesystem::remove(path);
  write_file(path, {});
  CHECK(contains(mnist_error(folder), "expects an IDX header of 16 bytes, found 0 bytes"));
  if (geteuid() != 0) {
    REQUIRE(chmod(path.c_str(), 0) == 0);
    CHECK(contains(mnist_error(folder), "Permission denied"));
  }
}

TEST_CASE("data: unusable folders, names and options are refused") {
  CHECK(contains(message_of([] { data::open("mnist", {.root = "/nonexistent"}); }),
                 "/nonexistent: expects a folder with train-images-idx3-ubyte"));
  const auto refused = [](const char* name, const OpenOptions& options) {
    return message_of<ConfigError>([&] { data::open(name, options); });
  };
  CHECK(refused("mnist", {}) ==
        "[data] expects a folder with train-images-idx3-ubyte or train-images-idx3-ubyte.gz, got "
        "none");
  CHECK(refused("cifar-10", {}) ==
        "[data] expects a known data set, got 'cifar-10' (nearest: 'cifar10')");
  CHECK(contains(refused("mnist", {.split = "val"}), "got 'val'"));
  CHECK(contains(refused("mnist", {.limit = -1}), "got -1"));
}

TEST_CASE("data: a file longer than its limit is refused before it is read") {
  const TemporaryFolder folder;
  const std::string path = folder / "sparse";
  write_file(path, {1});
  std::filesystem::resize_file(path, uintmax_t{1} << 37);
  CHECK(contains(message_of([&] { data::read_file(path); }), "expects at most 68719476736 bytes"));
}

TEST_CASE("idx: wrong magic numbers and impossible extents are refused") {
  CHECK(message_of([] {
          parse(idx_bytes(0x0d03, {1, 1, 1}, {0}));
        }) == "file: expects the IDX magic number 2051 at offset 0, found 3331");
  CHECK(contains(message_of([] { parse(label_file(), 3); }), "expects an IDX header of 16 bytes"));
  CHECK(contains(message_of([] {
                   parse(idx_bytes(kImages, {1, 0, 1}, {}), 3);
                 }),
                 "expects a possible extent at offset 8, found 0"));
  const uint32_t huge = 0xffffffff;
  CHECK(contains(message_of([&] {
                   parse(idx_bytes(kImages, {huge, huge, huge}, {1, 2}));
                 }),
                 "expects a possible extent at offset 8, found 4294967295"));
  CHECK(message_of([] {
          parse(idx_bytes(kImages, {60000, 28, 28}, {1, 2}));
        }) == "file: expects 47040016 bytes, as its header says, found 18");
}

TEST_CASE("idx: every truncation and every longer file is refused") {
  const std::vector<uint8_t> whole = idx_bytes(kImages, {2, 3, 2}, std::vector<uint8_t>(12, 5));
  CHECK(parse(whole).extents == std::vector<int64_t>{2, 3, 2});
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    CHECK_THROWS_AS(parse(part), FileError);
  }
  std::vector<uint8_t> longer = whole;
  longer.push_back(0);
  CHECK(contains(message_of([&] { parse(longer); }),
                 "expects 28 bytes, as its header says, found 29"));
}

TEST_CASE("idx: any flipped bit gives an array that fits its header, or a FileError") {
  const std::vector<uint8_t> whole = idx_bytes(kImages, {2, 3, 2}, std::vector<uint8_t>(12, 5));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    if (bit / 8 < 16) {
      CHECK_THROWS_AS(parse(damaged), FileError);
    } else {
      CHECK(parse(damaged).values.size() == 12);
    }
  }
}

#if FRACBIT_ZLIB
namespace {

std::vector<uint8_t> gzip(const std::vector<uint8_t>& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<uint8_t> packed(deflateBound(&stream, static_cast<uLong>(content.size())) + 32);
  stream.next_in = const_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

TEST_CASE("idx: gzip files are read") {
  const TemporaryFolder folder;
  write_file(folder / "train-images-idx3-ubyte.gz", gzip(image_file()));
  write_file(folder / "train-labels-idx1-ubyte.gz", gzip(label_file()));
  CHECK(data::open("mnist", {.root = folder.path()})->size() == 3);
  const std::vector<uint8_t> large = image_file(5000);
  CHECK(parse(gzip(large)).values == std::vector<uint8_t>(large.begin() + 16, large.end()));
}

TEST_CASE("idx: damaged gzip data are refused: every truncation, any flipped bit that matters") {
  const std::vector<uint8_t> content = idx_bytes(kImages, {2, 3, 2}, std::vector<uint8_t>(12, 5));
  const std::vector<uint8_t> whole = gzip(content);
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    CHECK_THROWS_AS(parse(part), FileError);
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    try {
      const data::IdxArray array = parse(damaged);
      CHECK(array.values == std::vector<uint8_t>(12, 5));
    } catch (const FileError& error) {
      CHECK(contains(error.what(), "file: expects "));
    }
  }
}

TEST_CASE("idx: gzip data that hold more than the header says are refused without unpacking them") {
  std::vector<uint8_t> bomb =
      idx_bytes(kImages, {1, 2, 2}, std::vector<uint8_t>(size_t{1} << 26, 0));
  CHECK(message_of([&] { parse(gzip(bomb)); }) ==
        "file: expects 20 bytes, as its header says, found more after unpacking");
  std::vector<uint8_t> followed = gzip(idx_bytes(kImages, {1, 2, 2}, {1, 2, 3, 4}));
  const std::string end = std::to_string(followed.size());
  followed.insert(followed.end(), {7, 7, 7});
  CHECK(message_of([&] { parse(followed); }) ==
        "file: expects the end of the gzip data at byte " + end + ", found 3 more bytes");
}
#else
TEST_CASE("idx: gzip files are refused by a build without zlib") {
  CHECK(contains(message_of([] { parse({0x1f, 0x8b, 8}); }), "this build has no zlib"));
}
#endif

namespace {

// Two records with `labels` bytes in front of each image.
std::vector<uint8_t> cifar_records(size_t label_bytes) {
  std::vector<uint8_t> bytes;
  for (const uint8_t label : {uint8_t{3}, uint8_t{7}}) {
    bytes.insert(bytes.end(), label_bytes, label);
    for (int k = 0; k < 3072; ++k) bytes.push_back(static_cast<uint8_t>(k / 1024 * 50 + k % 31));
  }
  return bytes;
}

struct CifarImages {
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
};

CifarImages parse_cifar(const std::vector<uint8_t>& bytes, const data::CifarLayout& layout) {
  CifarImages images;
  data::parse_cifar(bytes, layout, "file", images.pixels, images.labels);
  return images;
}

constexpr data::CifarLayout kTwo = {.label_bytes = 1, .classes = 10, .records = 2};

}  // namespace

TEST_CASE("cifar: planes become interleaved colours, the last label byte counts") {
  const CifarImages images = parse_cifar(cifar_records(1), kTwo);
  CHECK(images.labels == std::vector<uint8_t>{3, 7});
  REQUIRE(images.pixels.size() == 2 * 3072);
  for (const int k : {0, 1, 77, 1023}) {
    const auto at = static_cast<size_t>(3 * k);
    CHECK(images.pixels[at] == k % 31);
    CHECK(images.pixels[at + 1] == 50 + (k + 1024) % 31);
    CHECK(images.pixels[at + 2] == 100 + (k + 2048) % 31);
    CHECK(images.pixels[3072 + at] == images.pixels[at]);
  }
  std::vector<uint8_t> fine = cifar_records(2);
  fine[0] = 19;
  fine[1] = 99;
  const data::CifarLayout layout = {.label_bytes = 2, .classes = 100, .records = 2};
  CHECK(parse_cifar(fine, layout).labels == std::vector<uint8_t>{99, 7});
}

TEST_CASE("cifar: every truncation and every longer file is refused") {
  const std::vector<uint8_t> whole = cifar_records(1);
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    CHECK_THROWS_AS(parse_cifar(part, kTwo), FileError);
  }
  std::vector<uint8_t> longer = whole;
  longer.push_back(1);
  CHECK(message_of([&] { parse_cifar(longer, kTwo); }) ==
        "file: expects 6146 bytes (2 records of 3073), found 6147");
}

TEST_CASE("cifar: a flipped bit gives the same images but for it, or a FileError for a label") {
  const std::vector<uint8_t> whole = cifar_records(1);
  for (size_t bit = 0; bit < whole.size() * 8; bit += (bit < 16 ? 1 : 61)) {
    std::vector<uint8_t> damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    try {
      const CifarImages images = parse_cifar(damaged, kTwo);
      CHECK(images.pixels.size() == 6144);
      CHECK(std::max(images.labels[0], images.labels[1]) < 10);
    } catch (const FileError& error) {
      CHECK(damaged[bit / 8] >= 10);
      CHECK(contains(error.what(), "at offset " + std::to_string(bit / 8)));
    }
  }
}

TEST_CASE("cifar10: published file sizes are required, missing files are named") {
  const TemporaryFolder folder;
  const OpenOptions options = {.root = folder.path(), .split = "test"};
  CHECK(message_of([&] { data::open("cifar10", options); }) ==
        folder.path() +
            ": expects test_batch.bin in it or in its folder cifar-10-batches-bin, found neither");
  write_file(folder / "test_batch.bin", cifar_records(1));
  CHECK(message_of([&] { data::open("cifar10", options); }) ==
        folder / "test_batch.bin" + ": expects 30730000 bytes (10000 records of 3073), found 6146");
}

}  // namespace fracbit
