#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/real.h"

namespace fracbit::quantize {

/// How many bits each element of a tensor gets: M_j of a masked residual code, 1 or more.
class Widths {
 public:
  virtual ~Widths() = default;
  /// Widths of elements first .. first + count - 1, as reals so that loops over values can use
  /// them.
  virtual void fill(int64_t first, int64_t count, real* widths) const = 0;
};

/// The same for all.
class UniformWidths : public Widths {
 public:
  explicit UniformWidths(int width) : width_(static_cast<real>(width)) {}
  void fill(int64_t, int64_t count, real* widths) const override {
    for (int64_t c = 0; c < count; ++c) widths[c] = width_;
  }

 private:
  real width_;
};

/// A mask tensor, flat.
class StoredWidths : public Widths {
 public:
  explicit StoredWidths(std::span<const uint8_t> mask) : mask_(mask) {}
  void fill(int64_t first, int64_t count, real* widths) const override {
    const uint8_t* from = mask_.data() + first;
    for (int64_t c = 0; c < count; ++c) widths[c] = static_cast<real>(from[c]);
  }

 private:
  std::span<const uint8_t> mask_;
};

}  // namespace fracbit::quantize
