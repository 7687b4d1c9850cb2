#include "fracbit/framework/safetensors.h"

#include <array>
#include <cstring>

#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

using namespace fracbit;
using fracbit::test::TemporaryFolder;
using fracbit::test::write_bytes;

namespace {

std::string with_length(uint64_t length, const std::string& rest) {
  std::string file(8, '\0');
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(length >> (8 * i));
  return file + rest;
}

/// A file of this header and `data` zero bytes.
std::string file_of(const std::string& header, size_t data = 0) {
  return with_length(header.size(), header) + std::string(data, '\0');
}

std::string error_of(const std::string& content) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  write_bytes(path, content);
  try {
    const SafetensorsReader reader(path);
  } catch (const FileError& error) {
    const std::string what = error.what();
    CHECK(what.starts_with(path + ": "));
    CHECK(what.find('\n') == std::string::npos);
    return what.substr(path.size() + 2);
  }
  return "no error";
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

TEST_CASE("safetensors: what is written is read") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  const std::array<float, 6> numbers{1, 2, 3, 4, 5, -0.5f};
  const std::array<int64_t, 1> scalar{int64_t{1} << 40};
  const std::array<uint8_t, 3> small{7, 8, 9};
  const std::vector<SafetensorsView> views{
      {"a", Dtype::f32, {2, 3}, std::as_bytes(std::span(numbers))},
      {"with \"quotes\"", Dtype::i64, {}, std::as_bytes(std::span(scalar))},
      {"empty", Dtype::f64, {0, 4}, {}},
      {"bytes", Dtype::u8, {3}, std::as_bytes(std::span(small))}};
  write_safetensors(path, {{"key", "value"}, {"lines", "a\nb"}}, views);

  const SafetensorsReader reader(path);
  CHECK((8 + reader.header().size()) % 8 == 0);
  CHECK(reader.metadata() ==
        std::map<std::string, std::string>{{"key", "value"}, {"lines", "a\nb"}});
  REQUIRE(reader.entries().size() == views.size());
  for (const SafetensorsView& view : views) {
    const auto& all = reader.entries();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == view.name; });
    REQUIRE(found != all.end());
    CHECK(found->dtype == view.dtype);
    CHECK(found->shape == view.shape);
    std::vector<std::byte> bytes(static_cast<size_t>(found->bytes));
    reader.read(*found, bytes);
    CHECK(std::equal(bytes.begin(), bytes.end(), view.data.begin(), view.data.end()));
  }
}

TEST_CASE("safetensors: names must differ and be UTF-8") {
  const std::vector<SafetensorsView> twice{{"a", Dtype::u8, {0}, {}}, {"a", Dtype::u8, {0}, {}}};
  CHECK_THROWS_AS(safetensors_header({}, twice), ConfigError);
  CHECK_THROWS_AS(safetensors_header({{"config", "\xff"}}, {}), ConfigError);
}

TEST_CASE("safetensors: a file that is not exactly right is refused, and why is said") {
  CHECK(error_of("").find("only 0 bytes") != std::string::npos);
  CHECK(error_of("1234567").find("only 7 bytes") != std::string::npos);
  CHECK(error_of(with_length(0, "")).find("starts with {") != std::string::npos);
  CHECK(error_of(with_length(100, "{}")).find("the file says 100") != std::string::npos);
  CHECK(error_of(with_length(UINT64_MAX, "{}")).find("at most 2 bytes") != std::string::npos);
  CHECK(error_of(file_of("[]")).find("starts with {") != std::string::npos);
  CHECK(error_of(file_of("{\"a\":")).find("header byte") != std::string::npos);
  CHECK(error_of(file_of("{} x")).find("header byte") != std::string::npos);
  CHECK(error_of(file_of("{\"\xff\":{}}")).find("UTF-8") != std::string::npos);
  CHECK(error_of(file_of("{}", 1)).find("expects 10 bytes, found 11") != std::string::npos);
  CHECK(error_of(file_of("{}")) == "no error");
}

TEST_CASE("safetensors: a tensor that does not fit is refused") {
  const auto one = [](const std::string& t) { return "{\"t\":" + t + "}"; };
  const std::string good = tensor("F32", "[2]", "[0,8]");
  CHECK(error_of(file_of(one(good), 8)) == "no error");
  CHECK(error_of(file_of(one(good), 7)).find("the file ends before") != std::string::npos);
  CHECK(error_of(file_of(one(good), 9)).find("found") != std::string::npos);
  const auto header_error = [&](const std::string& t) { return error_of(file_of(one(t), 8)); };
  CHECK(header_error(tensor("F33", "[2]", "[0,8]")).find("dtype \"F33\"") != std::string::npos);
  CHECK(header_error(tensor("F64", "[2]", "[0,8]")).find("expects 16 bytes") != std::string::npos);
  CHECK(header_error(tensor("F32", "[-2]", "[0,8]")).find("negative") != std::string::npos);
  CHECK(header_error(tensor("F32", "[2.0]", "[0,8]")).find("fraction") != std::string::npos);
  CHECK(header_error(tensor("F32", "[[2]]", "[0,8]")).find("a list") != std::string::npos);
  CHECK(header_error(tensor("F32", "[2]", "[8,0]")).find("begin <= end") != std::string::npos);
  CHECK(header_error(tensor("F32", "[2]", "[0]")).find("begin, end") != std::string::npos);
  CHECK(header_error(tensor("F32", "[2]", "[0,8,8]")).find("too long") != std::string::npos);
  CHECK(header_error(tensor("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]")).find("too long") !=
        std::string::npos);
  CHECK(header_error(tensor("F32", "[4294967296,4294967296]", "[0,8]")).find("overflows") !=
        std::string::npos);
  CHECK(header_error(tensor("F32", "[18446744073709551615]", "[0,8]")).find("2^63") !=
        std::string::npos);
  CHECK(header_error(tensor("F32", "[99999999999999999999]", "[0,8]")).find("fraction") !=
        std::string::npos);
  CHECK(header_error(tensor("F32", "[2]", "[4,12]")).find("offset 0, found 4") !=
        std::string::npos);
  CHECK(header_error(R"({"dtype":"F32","shape":[2]})").find("expects dtype") != std::string::npos);
  CHECK(header_error(R"({"dtype":"F32","dtype":"F32"})").find("twice") != std::string::npos);
  CHECK(header_error(R"({"type":"F32"})").find("unknown key") != std::string::npos);
  CHECK(header_error(R"({"dtype":1})").find("a number") != std::string::npos);
  CHECK(header_error("null").find("null") != std::string::npos);
  CHECK(header_error("true").find("a boolean") != std::string::npos);
  CHECK(header_error("\"x\"").find("a string") != std::string::npos);
}

TEST_CASE("safetensors: tensors that overlap, leave a gap or share a name are refused") {
  const auto two = [](const std::string& a, const std::string& b, const std::string& name = "b") {
    return error_of(file_of("{\"a\":" + a + ",\"" + name + "\":" + b + "}", 8));
  };
  const std::string first = tensor("F32", "[1]", "[0,4]");
  CHECK(two(first, tensor("F32", "[1]", "[4,8]")) == "no error");
  CHECK(two(first, tensor("F32", "[1]", "[3,7]")).find("offset 4, found 3") != std::string::npos);
  CHECK(two(first, tensor("F32", "[1]", "[5,9]")).find("offset 4, found 5") != std::string::npos);
  CHECK(two(first, first).find("offset 4, found 0") != std::string::npos);
  CHECK(two(first, tensor("F32", "[1]", "[4,8]"), "a").find("twice") != std::string::npos);
  CHECK(two(first, tensor("F32", "[1]", "[4,8]"), "__metadata__").find("__metadata__") !=
        std::string::npos);
}

TEST_CASE("safetensors: deep or long JSON is refused at once") {
  CHECK(error_of(file_of("{\"a\":" + std::string(1000000, '['))).find("a list") !=
        std::string::npos);
  CHECK(error_of(file_of("{\"a\":{\"dtype\":{")).find("an object") != std::string::npos);
  const std::string huge(static_cast<size_t>(SafetensorsReader::kLargestHeader) + 1, '{');
  CHECK(error_of(file_of(huge)).find("at most 16777216 bytes") != std::string::npos);
}
