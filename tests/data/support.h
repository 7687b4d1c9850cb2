#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "support/catch.h"

namespace fracbit::test {

/// A folder that lives as long as the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fracbit-data-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  REQUIRE(file.good());
}

/// Message of the `Expected` error that `call` throws; a failed check if it throws nothing. An
/// error of another type passes through.
template <typename Expected = FileError, typename Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Expected& error) {
    return error.what();
  }
  FAIL("no error was thrown");
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Folder of real data: FRACBIT_DATA, else ../shared/data beside the source tree; empty if there is
/// none.
inline std::string real_data(const std::string& name) {
  std::filesystem::path root;
  if (const char* folder = std::getenv("FRACBIT_DATA")) {
    root = folder;
  } else if (const char* source = std::getenv("FRACBIT_SOURCE_ROOT")) {
    root = std::filesystem::path(source) / ".." / "shared" / "data";
  }
  std::error_code ignored;
  const std::filesystem::path folder = root / name;
  return std::filesystem::is_directory(folder, ignored) ? folder.string() : std::string();
}

/// Big-endian magic number and extents, then the values.
inline std::vector<uint8_t> idx_bytes(uint32_t magic, const std::vector<uint32_t>& extents,
                                      const std::vector<uint8_t>& values) {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> words = {magic};
  words.insert(words.end(), extents.begin(), extents.end());
  for (const uint32_t word : words) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<uint8_t>(word >> shift));
  }
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

}  // namespace fracbit::test
