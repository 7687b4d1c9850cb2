#pragma once

#include <cstdint>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/int_tensor.h"

namespace fracbit::kernels::intdot {
struct Kernels;
struct Product;
namespace training {
struct Kernels;
struct Format;
}  // namespace training
}  // namespace fracbit::kernels::intdot

namespace fracbit::ops::integer_levels {

namespace intdot = kernels::intdot;

/// Bytes of a group; outputs that lie side by side in a block, one group each; bytes of these.
inline constexpr int64_t kGroup = 4;
inline constexpr int64_t kLanes = 16;
inline constexpr int64_t kBlock = kGroup * kLanes;

/// The kernels of the instruction set in use.
const intdot::Kernels& active_kernels();

/// How the numbers of a product lie in groups of 4 bytes.
struct Format {
  bool bytes;  ///< 4 bytes, the broadcast side unsigned; otherwise 2 signed 16-bit numbers
  const intdot::Kernels* kernels;
  const intdot::training::Kernels* training;

  /// Bytes where both widths are int8 and this machine is fast at them.
  static Format of(IntWidth a, IntWidth b);
  int per_group() const { return bytes ? 4 : 2; }
  /// What unsigned bytes stand above the signed numbers that they are made from.
  static constexpr int kOffset = 128;
  int64_t groups(int64_t numbers) const { return (numbers + per_group() - 1) / per_group(); }
  /// Products to integers.
  void (*integers() const)(const intdot::Product&) noexcept;
  const intdot::training::Format& gradients() const;
};

/// Integers of width int8 or int16 that are all of one width.
class Numbers {
 public:
  /// Keeps a reference where nothing must be widened.
  Numbers(const IntTensor& ints, const Format& format);
  /// Calls f(first number): int8_t in groups of bytes, int16_t in groups of words.
  template <typename F>
  void visit(const F& f) const {
    if (bytes_ != nullptr) {
      f(bytes_);
    } else {
      f(words_);
    }
  }

 private:
  Buffer<int16_t> widened_;
  const int8_t* bytes_ = nullptr;
  const int16_t* words_ = nullptr;
};

/// Largest magnitude in a tensor, or a bound of it: 128 for int8.
int64_t magnitude(const IntTensor& ints);
/// Throws ConfigError unless the integers are int8 or int16.
void check_width(const char* op, const char* name, const IntTensor& ints);
/// Throws ShapeError if a sum of `terms` products of up to `a` times `b` could leave 32 bits.
void check_sum(const char* op, int64_t terms, int64_t a, int64_t b);

}  // namespace fracbit::ops::integer_levels
