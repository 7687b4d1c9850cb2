#include "fracbit/quantize/deploy/npz.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "fracbit/framework/error.h"

namespace fracbit::deploy {
namespace {

using Bytes = std::vector<std::byte>;

/// What offsets of 32 bits reach, with some room for names.
constexpr size_t kMostBytes = 0xf0000000;

/// The CRC-32 of zip files (IEEE 802.3).
uint32_t crc32(std::span<const std::byte> bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t b = 0; b < 256; ++b) {
      uint32_t crc = b;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
      table[b] = crc;
    }
    return table;
  }();
  uint32_t crc = ~0u;
  for (const std::byte byte : bytes) {
    crc = crc >> 8 ^ kTable[(crc ^ std::to_integer<uint32_t>(byte)) & 0xffu];
  }
  return ~crc;
}

void put(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
}

void put(Bytes& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}

/// An .npy file: magic, version 1.0, a header whose end is at a multiple of 64, then the values.
Bytes npy(const Tensor& values) {
  std::string shape;
  for (const int64_t extent : values.shape().extents()) shape += std::to_string(extent) + ",";
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr size_t kBefore = 10;
  header.resize((kBefore + header.size() + 1 + 63) / 64 * 64 - kBefore - 1, ' ');
  header += '\n';
  Bytes out;
  put(out, "\x93NUMPY\x01");
  put(out, 0, 1);
  put(out, header.size(), 2);
  put(out, header);
  for (const real value : values.span()) {
    put(out, std::bit_cast<uint32_t>(static_cast<float>(value)), 4);
  }
  return out;
}

/// What the two headers of a member have in common.
void put_member(Bytes& out, const std::string& name, const Bytes& content) {
  constexpr uint64_t kVersion = 20, kStored = 0, kFirstDay = 1 << 5 | 1;  // 1 January 1980
  put(out, kVersion, 2);
  put(out, 0, 2);
  put(out, kStored, 2);
  put(out, 0, 2);
  put(out, kFirstDay, 2);
  put(out, crc32(content), 4);
  put(out, content.size(), 4);
  put(out, content.size(), 4);
  put(out, name.size(), 2);
  put(out, 0, 2);
}

}  // namespace

std::vector<std::byte> write_npz(const std::vector<std::pair<std::string, Tensor>>& arrays) {
  Bytes out, directory;
  for (const auto& [array, values] : arrays) {
    const std::string name = array + ".npy";
    const Bytes content = npy(values);
    if (out.size() + content.size() > kMostBytes) {
      throw ConfigError("[npz] expects at most " + std::to_string(kMostBytes) + " bytes of arrays");
    }
    put(directory, "PK\x01\x02");
    put(directory, 20, 2);
    put_member(directory, name, content);
    put(directory, 0, 6);  // comment, disk, kind of content
    put(directory, 0, 4);  // attributes
    put(directory, out.size(), 4);
    put(directory, name);
    put(out, "PK\x03\x04");
    put_member(out, name, content);
    put(out, name);
    out.insert(out.end(), content.begin(), content.end());
  }
  const size_t at = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  put(out, "PK\x05\x06");
  put(out, 0, 4);
  put(out, arrays.size(), 2);
  put(out, arrays.size(), 2);
  put(out, directory.size(), 4);
  put(out, at, 4);
  put(out, 0, 2);
  return out;
}

std::vector<std::pair<std::string, Tensor>> dequantized(Module& network) {
  std::vector<std::pair<std::string, Tensor>> arrays;
  for (const auto& [name, value] : network.deployed_parameters()) arrays.emplace_back(name, value);
  for (const auto& [name, value] : network.buffers()) arrays.emplace_back(name, *value);
  return arrays;
}

}  // namespace fracbit::deploy
