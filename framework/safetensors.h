#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fracbit/framework/input_file.h"

namespace fracbit {

/// Element types of safetensors files.
enum class Dtype { boolean, u8, i8, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64 };

/// "F32", as written in the file.
std::string_view to_string(Dtype dtype);
/// Bytes of an element.
int64_t size_of(Dtype dtype);

/// One tensor of a safetensors file.
struct SafetensorsEntry {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;
  int64_t offset = 0;  ///< of the first byte, from the start of the file
  int64_t bytes = 0;
};

/// Reads files of the safetensors format: a length (8 bytes, little-endian), a JSON header of that
/// length, then the values of all tensors. The constructor checks the whole header; values are read
/// when asked for.
class SafetensorsReader {
 public:
  /// Longest header that is accepted. Memory for a hostile header stays a small multiple of it.
  static constexpr int64_t kLargestHeader = int64_t{16} << 20;

  /// Throws FileError, naming file and place, if it is not a regular file or not exactly such a
  /// file: header too long or not JSON of the right form, a name twice, an unknown dtype, a shape
  /// that does not fit its bytes, bytes that overlap, are missing, left over or belong to nothing.
  explicit SafetensorsReader(std::string path);

  const std::string& path() const { return file_.path(); }
  int64_t size() const { return file_.size(); }
  /// The JSON text.
  const std::string& header() const { return header_; }
  /// "__metadata__", strings by name.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In the order of their bytes.
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }

  /// The bytes of one entry; `out` has entry.bytes bytes. Throws FileError.
  void read(const SafetensorsEntry& entry, std::span<std::byte> out) const;

 private:
  InputFile file_;
  std::string header_;
  std::map<std::string, std::string> metadata_;
  std::vector<SafetensorsEntry> entries_;
};

/// A tensor to write: a view of values that live elsewhere.
struct SafetensorsView {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// Metadata in the order in which they are written.
using SafetensorsMetadata = std::vector<std::pair<std::string, std::string>>;

/// The JSON header of these tensors, padded with spaces so that values start at a multiple of 8.
/// Throws ConfigError if a text is not UTF-8 or a name occurs twice.
std::string safetensors_header(const SafetensorsMetadata& metadata,
                               std::span<const SafetensorsView> tensors);

/// Writes the file atomically. Throws WriteError, and ConfigError like safetensors_header().
void write_safetensors(const std::string& path, const SafetensorsMetadata& metadata,
                       std::span<const SafetensorsView> tensors);
/// The same with a header that safetensors_header() has made.
void write_safetensors(const std::string& path, const std::string& header,
                       std::span<const SafetensorsView> tensors);

}  // namespace fracbit
