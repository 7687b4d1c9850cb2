#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fracbit/data/data.h"

namespace fracbit::data {

/// Records of the CIFAR binary format: `label_bytes` labels, of which the last one counts, then
/// 1024 red, 1024 green and 1024 blue bytes of a 32x32 image, row by row.
struct CifarLayout {
  int64_t label_bytes = 1;
  int64_t classes = 10;
  int64_t records = 10000;  ///< in each file
};

/// Appends the images of a file's bytes to `pixels` [N, 32, 32, 3] and their labels to `labels`.
/// `path` is for messages. Throws FileError unless there are layout.records whole records and
/// nothing else, or if a label is out of range.
void parse_cifar(std::span<const uint8_t> bytes, const CifarLayout& layout, const std::string& path,
                 std::vector<uint8_t>& pixels, std::vector<uint8_t>& labels);

/// Opens files of that format. Throws FileError as find_file, read_file and parse_cifar.
std::shared_ptr<const Dataset> open_cifar(const Entry& entry, const OpenOptions& options,
                                          std::span<const std::string> files,
                                          const CifarLayout& layout);

}  // namespace fracbit::data
