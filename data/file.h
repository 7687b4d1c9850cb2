#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fracbit::data {

/// The bytes of a regular file. Throws FileError if it is missing, unreadable, not a regular file
/// (never waits for a pipe), or longer than `limit` bytes.
std::vector<uint8_t> read_file(const std::string& path, int64_t limit = int64_t{1} << 36);

/// Path of the first of `names` that exists in `root` or in its folder `subfolder`; empty if none
/// does.
std::string locate(const std::string& root, std::string_view subfolder,
                   std::span<const std::string> names);

/// locate() that throws FileError with the names if there is none, ConfigError if root is empty.
std::string find_file(const std::string& root, std::string_view subfolder,
                      std::span<const std::string> names);

}  // namespace fracbit::data
