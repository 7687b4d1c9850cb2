#include "fracbit/data/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "fracbit/framework/error.h"

namespace fracbit::data {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::string system_message() {
  return std::generic_category().message(errno);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

}  // namespace

std::vector<uint8_t> read_file(const std::string& path, int64_t limit) {
  // Without O_NONBLOCK, opening a pipe waits for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) {
    throw FileError(path + ": expected a readable file, found: " + system_message());
  }
  if (!S_ISREG(status.st_mode)) {
    throw FileError(path + ": expected a regular file, found " + kind_of(status.st_mode));
  }
  if (status.st_size > limit) {
    throw FileError(path + ": expected at most " + std::to_string(limit) + " bytes, found " +
                    std::to_string(status.st_size));
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read(file.number(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw FileError(path + ": expected to read byte " + std::to_string(done) +
                      ", found: " + system_message());
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
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
    throw FileError(root + ": expected a folder with " + listed + ", found nothing");
  throw FileError(root + ": expected " + listed + " in it or in its folder " + subfolder +
                  ", found neither");
}

}  // namespace fracbit::data
