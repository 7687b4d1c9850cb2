#include "fracbit/data/gzip.h"

#include <algorithm>
#include <new>

#include "data/catalogue.inc"
#include "fracbit/framework/error.h"

#if FRACBIT_ZLIB
#include <zlib.h>
#endif

namespace fracbit::data {

bool is_gzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

#if FRACBIT_ZLIB

namespace {

constexpr size_t kPiece = size_t{1} << 30;

class Inflater {
 public:
  explicit Inflater(std::span<const uint8_t> bytes) : rest_(bytes) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Writes some of `out`; the result is zlib's. At most kPiece bytes at a time, as zlib counts in
  // 32 bits.
  int inflate(std::span<uint8_t> out) {
    if (stream_.avail_in == 0) {
      const std::span<const uint8_t> piece = rest_.first(std::min(rest_.size(), kPiece));
      stream_.next_in = const_cast<Bytef*>(piece.data());
      stream_.avail_in = static_cast<uInt>(piece.size());
      rest_ = rest_.subspan(piece.size());
    }
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    return ::inflate(&stream_, Z_NO_FLUSH);
  }
  size_t unwritten() const { return stream_.avail_out; }
  size_t unread() const { return stream_.avail_in + rest_.size(); }

 private:
  z_stream stream_{};
  std::span<const uint8_t> rest_;
};

}  // namespace

std::vector<uint8_t> gunzip(std::span<const uint8_t> bytes, size_t limit, const std::string& path) {
  constexpr size_t kStep = size_t{1} << 20;
  Inflater inflater(bytes);
  std::vector<uint8_t> content;
  while (content.size() < limit) {
    const size_t before = content.size();
    content.resize(before + std::min({limit - before, std::max(kStep, before), kPiece}));
    const int status = inflater.inflate(std::span(content).subspan(before));
    content.resize(content.size() - inflater.unwritten());
    const std::string at = std::to_string(bytes.size() - inflater.unread());
    if (status == Z_STREAM_END) {
      if (inflater.unread() == 0) return content;
      throw FileError(path + ": expects the end of the gzip data at byte " + at + ", found " +
                      std::to_string(inflater.unread()) + " more bytes");
    }
    if (status == Z_BUF_ERROR) {
      throw FileError(path + ": expects more gzip data at byte " + at + ", found the end of file");
    }
    if (status != Z_OK) {
      throw FileError(path + ": expects valid gzip data, found damage before byte " + at);
    }
  }
  return content;
}

#else

std::vector<uint8_t> gunzip(std::span<const uint8_t>, size_t, const std::string& path) {
  throw FileError(path + ": expects an unpacked file, as this build has no zlib; found gzip data");
}

#endif

}  // namespace fracbit::data
