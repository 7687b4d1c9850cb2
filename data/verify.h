#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fracbit/data/data.h"

namespace fracbit::data {

/// How a file compares with what its authors published.
enum class FileState {
  ok,          ///< the published checksum
  differs,     ///< another checksum
  unreadable,  ///< there, but it cannot be read
  missing,     ///< not there, though other files of the set are
};

/// One official file of a data set, in a folder.
struct FileCheck {
  std::string_view dataset;
  std::string path;
  FileState state;
  std::string detail;  ///< what was expected and what was found; empty if ok
};

/// "ok", "differs", "unreadable", "missing".
std::string_view to_string(FileState state);

/// Compares the files in `folder`, and in its subfolders of the official names, with the checksums
/// of the catalogue: of the data set called `name`, or of every set that has files there if name is
/// empty. Files that differ may still be usable, so nothing here is an error of reading. Where two
/// sets use the same file names, those of the set that fits best are reported.
///
/// Throws   FileError if the folder is missing or holds no official file; ConfigError for an
///          unknown name or an empty folder name.
std::vector<FileCheck> verify(const std::string& folder, std::string_view name = {});

}  // namespace fracbit::data
