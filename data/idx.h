#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fracbit::data {

/// An array of bytes in the IDX format: big-endian magic number 0x0800 + rank and extents, then the
/// values, last axis fastest.
struct IdxArray {
  std::vector<int64_t> extents;
  std::vector<uint8_t> values;
};

/// Parses the content of an IDX file of the given rank (1 to 4), plain or gzip. `path` is for
/// messages. Throws FileError on a wrong magic number, extents that do not match the number of
/// bytes (too few or too many), no values, or damaged gzip data.
IdxArray parse_idx(std::vector<uint8_t> bytes, int rank, const std::string& path);

/// parse_idx of a file. Throws as read_file and parse_idx.
IdxArray read_idx(const std::string& path, int rank);

}  // namespace fracbit::data
