#include <string_view>
#include <vector>

#include "fracbit/framework/crc32c.h"
#include "fracbit/framework/sha256.h"
#include "support/catch.h"

using namespace fracbit;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.update(bytes(text));
  return hash.hex();
}

}  // namespace

TEST_CASE("crc32c agrees with the test vectors of RFC 3720") {
  CHECK(crc32c(bytes("123456789")) == 0xE3069283u);
  CHECK(crc32c(std::vector<std::byte>(32, std::byte{0})) == 0x8A9136AAu);
  CHECK(crc32c(std::vector<std::byte>(32, std::byte{0xFF})) == 0x62A8AB43u);
  CHECK(crc32c({}) == 0u);
  CHECK(crc32c_text(0x0A9136AAu) == "0a9136aa");
}

TEST_CASE("crc32c of pieces is the crc32c of the whole") {
  const std::string_view text = "The quick brown fox jumps over the lazy dog.";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(crc32c(bytes(text.substr(cut)), crc32c(bytes(text.substr(0, cut)))) ==
          crc32c(bytes(text)));
  }
}

TEST_CASE("sha256 agrees with the examples of FIPS 180-4") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 of pieces is the sha256 of the whole, at every padding") {
  for (const size_t length : {54u, 55u, 56u, 63u, 64u, 65u, 119u, 120u, 200u}) {
    const std::string text(length, 'x');
    for (const size_t piece : {1u, 7u, 64u}) {
      Sha256 hash;
      for (size_t i = 0; i < length; i += piece) hash.update(bytes(text.substr(i, piece)));
      CHECK(hash.hex() == sha256(text));
    }
  }
}
