#include "fracbit/framework/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fracbit/framework/error.h"

namespace fracbit {

namespace {

constexpr size_t kLargestWrite = size_t{1} << 30;

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A rename is durable once its folder is; file systems that cannot sync folders say EINVAL.
bool sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES;  // may be written and entered, not listed
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  return synced;
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".tmp") {
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw WriteError(path_ + ": expects a regular file to replace, found " +
                     (S_ISDIR(status.st_mode) ? "a directory" : "something else"));
  }
  open_temporary();
}

void AtomicFile::open_temporary() {
  // A process that was killed leaves its temporary behind, so an old one is taken over; one that is
  // locked belongs to a living writer. Between open and lock that writer may have renamed the file,
  // then the lock is on the finished one and must be tried again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    descriptor_ = ::open(temporary_.c_str(), kFlags, 0666);
    if (descriptor_ < 0) fail("create");
    if (lock_temporary()) {
      if (::ftruncate(descriptor_, 0) == 0) return;
      const int reason = errno;
      ::close(std::exchange(descriptor_, -1));
      errno = reason;
      fail("create");
    }
    ::close(std::exchange(descriptor_, -1));
  }
  throw WriteError(path_ + ": another process is writing " + temporary_);
}

bool AtomicFile::lock_temporary() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor_, &opened) == 0 && ::lstat(temporary_.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const size_t piece = std::min(bytes.size(), kLargestWrite);
    const ssize_t written = ::write(descriptor_, bytes.data(), piece);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("sync");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename");
  ::close(std::exchange(descriptor_, -1));
  if (!sync_folder(folder_of(path_))) fail("sync the folder of");
}

void AtomicFile::fail(const char* what) const {
  throw WriteError(path_ + ": cannot " + what + ": " + std::strerror(errno));
}

void write_file(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace fracbit
