#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fracbit::data {

/// The bytes of a regular file. Throws FileError if it is missing, unreadable, not a regular file
/// (never waits for a pipe), or longer than `limit` bytes.
std::vector<uint8_t> read_file(const std::string& path, int64_t limit = int64_t{1} << 36);

/// Path of the first of `names` that exists in `root` or in its folder `subfolder`. Throws
/// FileError that lists the names, ConfigError if root is empty.
std::string find_file(const std::string& root, const std::string& subfolder,
                      std::span<const std::string> names);

}  // namespace fracbit::data
