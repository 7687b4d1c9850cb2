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

std::string find_file(const std::string& root, const std::string& subfolder,
                      std::span<const std::string> names) {
  if (root.empty()) throw ConfigError("[data] expects the folder of " + names[0] + ", got none");
  std::string listed;
  for (const std::string& name : names) {
    for (const std::string& path : {root + "/" + name, root + "/" + subfolder + "/" + name}) {
      if (exists(path)) return path;
    }
    listed += (listed.empty() ? "" : " or ") + name;
  }
  if (!exists(root))
    throw FileError(root + ": expects a folder with " + listed + ", found nothing");
  throw FileError(root + ": expects " + listed + " in it or in its folder " + subfolder +
                  ", found neither");
}

}  // namespace fracbit::data
