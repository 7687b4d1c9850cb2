#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fracbit {

/// An open regular file. Opening never blocks, also not on a FIFO or a device. Movable, not
/// copyable.
class InputFile {
 public:
  /// Throws FileError if the file cannot be opened or is not a regular one (a directory, FIFO,
  /// device).
  explicit InputFile(std::string path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  /// Bytes when it was opened.
  int64_t size() const { return size_; }
  /// Fills `out` from `offset`. Throws FileError if the file ends before or cannot be read.
  void read(int64_t offset, std::span<std::byte> out) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

/// The whole file as text. Throws FileError like InputFile, and if it is larger than `limit` bytes.
std::string read_text(const std::string& path, int64_t limit = int64_t{64} << 20);

}  // namespace fracbit
