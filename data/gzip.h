#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fracbit::data {

/// True if the bytes begin as a gzip file does.
bool is_gzip(std::span<const uint8_t> bytes);

/// The unpacked content of a gzip file, at most its first `limit` bytes. The checksum is verified
/// if the content is shorter than the limit. `path` is for messages. Throws FileError if the data
/// are damaged, end early or go on behind the end, or if the build has no zlib.
std::vector<uint8_t> gunzip(std::span<const uint8_t> bytes, size_t limit, const std::string& path);

}  // namespace fracbit::data
