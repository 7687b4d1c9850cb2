#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fracbit {

/// Writes a file so that its name always means a whole one, the old or the new, whenever the
/// process or the machine stops: a temporary `<path>.tmp` beside it, synced, renamed, and the
/// folder synced. Not copyable.
class AtomicFile {
 public:
  /// Creates the temporary. Throws WriteError if that is not possible, another process is writing
  /// the same file, or `path` is something else than a regular file.
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Without commit() the temporary is removed and the old file stays as it was.
  ~AtomicFile();

  /// Appends. Throws WriteError (full disk, limit).
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Puts the new file in the place of the old one. Throws WriteError.
  void commit();

 private:
  void open_temporary();
  bool lock_temporary() const;
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// The whole content at once, through AtomicFile.
void write_file(const std::string& path, std::string_view content);

}  // namespace fracbit
