#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fracbit::deploy {

/// Bits one after the other, bit 0 of a byte first.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  /// The low `count` bits of `bits`, 0 to 64; those above must be 0.
  void put(uint64_t bits, int count) {
    for (; count > 0; bits >>= 8, count -= 8) put_byte(bits & 0xffu, count < 8 ? count : 8);
  }
  /// Zeros up to a whole byte.
  void finish() {
    if (used_ > 0) bytes_.push_back(static_cast<std::byte>(pending_));
    pending_ = 0;
    used_ = 0;
  }

 private:
  void put_byte(uint64_t bits, int count) {
    pending_ |= static_cast<uint32_t>(bits) << used_;
    used_ += count;
    if (used_ < 8) return;
    bytes_.push_back(static_cast<std::byte>(pending_ & 0xffu));
    pending_ >>= 8;
    used_ -= 8;
  }

  std::vector<std::byte>& bytes_;
  uint32_t pending_ = 0;
  int used_ = 0;
};

/// The same read back.
class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  /// The next `count` bits, 0 to 64. Past the end they are 0 and ok() is false.
  uint64_t get(int count) {
    uint64_t bits = 0;
    for (int got = 0; got < count;) {
      const int64_t at = position_ / 8;
      if (at >= static_cast<int64_t>(bytes_.size())) {
        ok_ = false;
        return bits;
      }
      const int skip = static_cast<int>(position_ % 8);
      const int some = count - got < 8 - skip ? count - got : 8 - skip;
      const auto byte = std::to_integer<uint64_t>(bytes_[static_cast<size_t>(at)]);
      bits |= (byte >> skip & ((uint64_t{1} << some) - 1)) << got;
      got += some;
      position_ += some;
    }
    return bits;
  }
  /// Whether nothing was read past the end.
  bool ok() const { return ok_; }
  /// Whole bytes that were begun.
  size_t bytes_read() const { return static_cast<size_t>((position_ + 7) / 8); }
  /// Whether the bits up to the next whole byte are 0.
  bool ends_in_zeros() {
    const int left = static_cast<int>((8 - position_ % 8) % 8);
    return get(left) == 0;
  }

 private:
  std::span<const std::byte> bytes_;
  int64_t position_ = 0;
  bool ok_ = true;
};

}  // namespace fracbit::deploy
