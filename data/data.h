#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fracbit/data/dataset.h"

namespace fracbit::data {

/// Which part of a data set to open.
struct OpenOptions {
  std::string root = {};        ///< folder with the official files; not used by synthetic sets
  std::string split = "train";  ///< "train" or "test"
  int64_t limit = 0;            ///< the first `limit` samples; 0: all
  uint64_t seed = 0;            ///< of synthetic sets
};

/// A file as its authors publish it.
struct OfficialFile {
  std::string_view name;
  std::string_view md5;       ///< 32 hexadecimal digits
  std::string_view url = {};  ///< where to get it; empty for what is unpacked from another one
};

/// One data set of the catalogue.
struct Entry {
  std::string_view name;
  std::string_view summary;  ///< one line for `fracbit list`
  std::string_view source;   ///< where it is described; empty for synthetic sets
  std::string_view paper;
  std::span<const OfficialFile> files;  ///< to download, and unpacked; empty for synthetic sets
  std::string_view folder;  ///< subfolder of the root in which the files may stand as well
  DatasetInfo info;         ///< of every sample, known without the files
  std::shared_ptr<const Dataset> (*open)(const Entry& self, const OpenOptions& options);
};

/// All data sets in catalogue order.
std::span<const Entry* const> entries();
/// Throws ConfigError that names the nearest known data set.
const Entry& find(std::string_view name);

/// Opens a data set by name and checks it. Throws ConfigError for an unknown name or split, a
/// negative limit or a missing root; FileError for missing or damaged files.
std::shared_ptr<const Dataset> open(std::string_view name, const OpenOptions& options);

}  // namespace fracbit::data
