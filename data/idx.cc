#include "fracbit/data/idx.h"

#include <span>

#include "fracbit/data/file.h"
#include "fracbit/data/gzip.h"
#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

constexpr uint32_t kUnsignedBytes = 0x0800;

uint32_t big_endian(std::span<const uint8_t> bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
         uint32_t{bytes[at + 3]};
}

size_t header_size(int rank) {
  return 4 + 4 * static_cast<size_t>(rank);
}

// The header's extents; their product stays below 2^48.
std::vector<int64_t> parse_extents(std::span<const uint8_t> bytes, int rank,
                                   const std::string& path) {
  if (bytes.size() < header_size(rank)) {
    throw FileError(path + ": expects an IDX header of " + std::to_string(header_size(rank)) +
                    " bytes, found " + std::to_string(bytes.size()) + " bytes");
  }
  const uint32_t magic = kUnsignedBytes + static_cast<uint32_t>(rank);
  if (big_endian(bytes, 0) != magic) {
    throw FileError(path + ": expects the IDX magic number " + std::to_string(magic) +
                    " at offset 0, found " + std::to_string(big_endian(bytes, 0)));
  }
  constexpr int64_t kMaxValues = int64_t{1} << 48;
  std::vector<int64_t> extents;
  int64_t values = 1;
  for (int axis = 0; axis < rank; ++axis) {
    const size_t at = 4 + 4 * static_cast<size_t>(axis);
    const int64_t extent = big_endian(bytes, at);
    if (extent < 1 || extent > kMaxValues / values) {
      throw FileError(path + ": expects a possible extent at offset " + std::to_string(at) +
                      ", found " + std::to_string(extent));
    }
    values *= extent;
    extents.push_back(extent);
  }
  return extents;
}

size_t product(const std::vector<int64_t>& extents) {
  size_t values = 1;
  for (const int64_t extent : extents) values *= static_cast<size_t>(extent);
  return values;
}

// Unpacks no more than the header promises, and one byte to see that nothing follows.
std::vector<uint8_t> unpacked(std::span<const uint8_t> bytes, int rank, const std::string& path) {
  const size_t header = header_size(rank);
  const std::vector<int64_t> extents = parse_extents(gunzip(bytes, header, path), rank, path);
  return gunzip(bytes, header + product(extents) + 1, path);
}

}  // namespace

IdxArray parse_idx(std::vector<uint8_t> bytes, int rank, const std::string& path) {
  const bool packed = is_gzip(bytes);
  if (packed) bytes = unpacked(bytes, rank, path);
  IdxArray array;
  array.extents = parse_extents(bytes, rank, path);
  const size_t expected = header_size(rank) + product(array.extents);
  if (bytes.size() != expected) {
    const bool more = packed && bytes.size() > expected;
    throw FileError(path + ": expects " + std::to_string(expected) +
                    " bytes, as its header says, found " + (more ? "more" : "") +
                    (more ? "" : std::to_string(bytes.size())) +
                    (packed ? " after unpacking" : ""));
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header_size(rank)));
  array.values = std::move(bytes);
  return array;
}

IdxArray read_idx(const std::string& path, int rank) {
  return parse_idx(read_file(path), rank, path);
}

}  // namespace fracbit::data
