#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fracbit/framework/error.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace fracbit::test {

inline void write_file(const std::string& path, const std::vector<uint8_t>& bytes) {
  write_bytes(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
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
