#include "fracbit/framework/safetensors.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "fracbit/framework/atomic_file.h"
#include "fracbit/framework/error.h"

namespace fracbit {

namespace {

using Json = nlohmann::json;

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  int64_t bytes;
};

constexpr std::array<DtypeRow, 13> kDtypes{{{Dtype::boolean, "BOOL", 1},
                                            {Dtype::u8, "U8", 1},
                                            {Dtype::i8, "I8", 1},
                                            {Dtype::u16, "U16", 2},
                                            {Dtype::i16, "I16", 2},
                                            {Dtype::f16, "F16", 2},
                                            {Dtype::bf16, "BF16", 2},
                                            {Dtype::u32, "U32", 4},
                                            {Dtype::i32, "I32", 4},
                                            {Dtype::f32, "F32", 4},
                                            {Dtype::u64, "U64", 8},
                                            {Dtype::i64, "I64", 8},
                                            {Dtype::f64, "F64", 8}}};

constexpr size_t kLargestRank = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

// A text of the file inside a one-line message.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 80)) out += (static_cast<unsigned char>(c) < 32 ? '?' : c);
  return out + (text.size() > 80 ? "...\"" : "\"");
}

/// Takes the events of the JSON parser and accepts only what the format allows, so that neither
/// depth nor unexpected values cost memory. `problem()` says what was wrong.
class HeaderHandler : public nlohmann::json_sax<Json> {
 public:
  HeaderHandler(std::map<std::string, std::string>& metadata,
                std::vector<SafetensorsEntry>& entries)
      : metadata_(metadata), entries_(entries) {}

  const std::string& problem() const { return problem_; }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (at_ != At::shape && at_ != At::offsets) return unexpected("a number");
    if (value > static_cast<uint64_t>(INT64_MAX)) return fail("number over 2^63 - 1");
    std::vector<int64_t>& list = at_ == At::shape ? entry_.shape : offsets_;
    if (list.size() == (at_ == At::shape ? kLargestRank : 2)) return fail("list too long");
    list.push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (at_ == At::metadata) return metadata_[field_] = std::move(value), true;
    if (at_ != At::tensor || field_ != "dtype") return unexpected("a string");
    const auto* row = std::find_if(kDtypes.begin(), kDtypes.end(),
                                   [&](const auto& r) { return r.name == value; });
    if (row == kDtypes.end()) return fail("unknown dtype " + in_quotes(value));
    entry_.dtype = row->dtype;
    return true;
  }

  bool start_object(size_t) override {
    if (at_ == At::start) return at_ = At::top, true;
    if (at_ != At::top) return unexpected("an object");
    at_ = name_ == kMetadataKey ? At::metadata : At::tensor;
    entry_ = {name_, Dtype::f32, {}, 0, 0};
    offsets_.clear();
    fields_.clear();
    return true;
  }

  bool key(string_t& value) override {
    (at_ == At::top ? name_ : field_) = value;
    if (at_ == At::tensor && value != "dtype" && value != "shape" && value != "data_offsets") {
      return fail("unknown key " + in_quotes(value));
    }
    if (!(at_ == At::top ? names_ : fields_).insert(std::move(value)).second) {
      return fail("key " + in_quotes(at_ == At::top ? name_ : field_) + " twice");
    }
    return true;
  }

  bool end_object() override {
    if (at_ == At::tensor && !finish_tensor()) return false;
    at_ = at_ == At::top ? At::end : At::top;
    return true;
  }

  bool start_array(size_t) override {
    if (at_ != At::tensor || field_ == "dtype") return unexpected("a list");
    at_ = field_ == "shape" ? At::shape : At::offsets;
    return true;
  }

  bool end_array() override { return at_ = At::tensor, true; }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = "expects JSON in UTF-8, found something else at header byte " +
               std::to_string(position == 0 ? 0 : position - 1);
    return false;
  }

 private:
  enum class At { start, top, metadata, tensor, shape, offsets, end };

  bool fail(const std::string& what) {
    problem_ = name_.empty() ? what : in_quotes(name_) + ": " + what;
    return false;
  }

  bool unexpected(const char* found) {
    return fail(std::string("found ") + found + " where the format has none");
  }

  bool finish_tensor() {
    if (fields_.size() != 3) return fail("expects dtype, shape and data_offsets");
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1]) {
      return fail("expects data_offsets [begin, end], begin <= end");
    }
    int64_t bytes = size_of(entry_.dtype);
    for (const int64_t extent : entry_.shape) {
      if (__builtin_mul_overflow(bytes, extent, &bytes)) return fail("shape overflows");
    }
    entry_.offset = offsets_[0];
    entry_.bytes = offsets_[1] - offsets_[0];
    if (entry_.bytes != bytes) {
      return fail("expects " + std::to_string(bytes) + " bytes for its shape, data_offsets have " +
                  std::to_string(entry_.bytes));
    }
    entries_.push_back(std::move(entry_));
    return true;
  }

  std::map<std::string, std::string>& metadata_;
  std::vector<SafetensorsEntry>& entries_;
  At at_ = At::start;
  std::string name_, field_, problem_;
  std::set<std::string> names_, fields_;
  SafetensorsEntry entry_;
  std::vector<int64_t> offsets_;
};

std::string read_header(const InputFile& file) {
  std::array<std::byte, 8> prefix{};
  if (file.size() < 8) {
    throw FileError(file.path() + ": expects a safetensors file, found only " +
                    std::to_string(file.size()) + " bytes");
  }
  file.read(0, prefix);
  uint64_t length = 0;
  for (size_t i = 8; i-- > 0;) length = length << 8 | std::to_integer<uint64_t>(prefix[i]);
  const int64_t room = std::min(file.size() - 8, SafetensorsReader::kLargestHeader);
  if (length > static_cast<uint64_t>(room)) {
    throw FileError(file.path() + ": expects a safetensors header of at most " +
                    std::to_string(room) + " bytes, the file says " + std::to_string(length));
  }
  std::string header(static_cast<size_t>(length), '\0');
  file.read(8, std::as_writable_bytes(std::span(header)));
  if (header.empty() || header[0] != '{') {
    throw FileError(file.path() + ": expects a safetensors header that starts with {");
  }
  return header;
}

/// Offsets of the header count from the end of the header; afterwards from the start of the file.
void place_entries(const InputFile& file, int64_t data_start,
                   std::vector<SafetensorsEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  int64_t expected = 0;
  for (SafetensorsEntry& entry : entries) {
    if (entry.offset != expected) {
      throw FileError(file.path() + ": " + in_quotes(entry.name) + ": expects data at offset " +
                      std::to_string(expected) + ", found " + std::to_string(entry.offset));
    }
    if (entry.bytes > file.size() - data_start - expected) {
      throw FileError(file.path() + ": " + in_quotes(entry.name) + ": expects " +
                      std::to_string(entry.bytes) + " bytes, the file ends before");
    }
    expected += entry.bytes;
    entry.offset += data_start;
  }
  if (data_start + expected != file.size()) {
    throw FileError(file.path() + ": expects " + std::to_string(data_start + expected) +
                    " bytes, found " + std::to_string(file.size()));
  }
}

}  // namespace

std::string_view to_string(Dtype dtype) {
  return kDtypes[static_cast<size_t>(dtype)].name;
}

int64_t size_of(Dtype dtype) {
  return kDtypes[static_cast<size_t>(dtype)].bytes;
}

SafetensorsReader::SafetensorsReader(std::string path)
    : file_(std::move(path)), header_(read_header(file_)) {
  HeaderHandler handler(metadata_, entries_);
  if (!Json::sax_parse(header_, &handler)) {
    throw FileError(file_.path() + ": safetensors header: " + handler.problem());
  }
  place_entries(file_, 8 + static_cast<int64_t>(header_.size()), entries_);
}

void SafetensorsReader::read(const SafetensorsEntry& entry, std::span<std::byte> out) const {
  file_.read(entry.offset, out.first(static_cast<size_t>(entry.bytes)));
}

std::string safetensors_header(const SafetensorsMetadata& metadata,
                               std::span<const SafetensorsView> tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) header[std::string(kMetadataKey)][key] = value;
  std::set<std::string> names{std::string(kMetadataKey)};
  size_t offset = 0;
  for (const SafetensorsView& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      throw ConfigError("[safetensors] expects different names, got " + in_quotes(tensor.name) +
                        " twice");
    }
    header[tensor.name] = {{"dtype", to_string(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.data.size()}}};
    offset += tensor.data.size();
  }
  try {
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
  } catch (const nlohmann::json::exception&) {
    throw ConfigError("[safetensors] expects names and metadata in UTF-8");
  }
}

void write_safetensors(const std::string& path, const SafetensorsMetadata& metadata,
                       std::span<const SafetensorsView> tensors) {
  write_safetensors(path, safetensors_header(metadata, tensors), tensors);
}

void write_safetensors(const std::string& path, const std::string& header,
                       std::span<const SafetensorsView> tensors) {
  std::array<std::byte, 8> length{};
  for (size_t i = 0; i < 8; ++i) {
    length[i] = static_cast<std::byte>(uint64_t{header.size()} >> (8 * i));
  }
  AtomicFile file(path);
  file.write(length);
  file.write(header);
  for (const SafetensorsView& tensor : tensors) file.write(tensor.data);
  file.commit();
}

}  // namespace fracbit
