#include "fracbit/framework/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "fracbit/framework/error.h"

namespace fracbit {

namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor_ < 0) throw FileError(path_ + ": cannot open: " + std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (known && S_ISREG(status.st_mode)) {
    size_ = status.st_size;
    return;
  }
  const std::string found = known ? kind_of(status.st_mode) : std::strerror(errno);
  ::close(descriptor_);
  throw FileError(path_ + ": expects a regular file, found " + found);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::read(int64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError(path_ + ": cannot read: " + std::strerror(errno));
    if (got == 0) {
      throw FileError(path_ + ": expects " + std::to_string(out.size()) + " more bytes at offset " +
                      std::to_string(offset) + ", found the end");
    }
    out = out.subspan(static_cast<size_t>(got));
    offset += got;
  }
}

std::string read_text(const std::string& path, int64_t limit) {
  const InputFile file(path);
  if (file.size() > limit) {
    throw FileError(path + ": expects at most " + std::to_string(limit) + " bytes, found " +
                    std::to_string(file.size()));
  }
  std::string text(static_cast<size_t>(file.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace fracbit
