#include "fracbit/data/file.h"

#include <sys/stat.h>

#include "fracbit/framework/error.h"
#include "fracbit/framework/input_file.h"

namespace fracbit::data {
namespace {

bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

}  // namespace

std::vector<uint8_t> read_file(const std::string& path, int64_t limit) {
  const InputFile file(path);
  if (file.size() > limit) {
    throw FileError(path + ": expects at most " + std::to_string(limit) + " bytes, found " +
                    std::to_string(file.size()));
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(file.size()));
  file.read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string locate(const std::string& root, std::string_view subfolder,
                   std::span<const std::string> names) {
  for (const std::string& name : names) {
    for (const std::string& path :
         {root + "/" + name, root + "/" + std::string(subfolder) + "/" + name}) {
      if (exists(path)) return path;
    }
  }
  return {};
}

std::string find_file(const std::string& root, std::string_view subfolder,
                      std::span<const std::string> names) {
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : " or ") + name;
  if (root.empty()) throw ConfigError("[data] expects a folder with " + listed + ", got none");
  const std::string path = locate(root, subfolder, names);
  if (!path.empty()) return path;
  if (!exists(root)) {
    throw FileError(root + ": expects a folder with " + listed + ", found nothing");
  }
  throw FileError(root + ": expects " + listed + " in it or in its folder " +
                  std::string(subfolder) + ", found neither");
}

}  // namespace fracbit::data
