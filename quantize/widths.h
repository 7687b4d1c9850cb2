#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "fracbit/framework/sign_terms.h"

namespace fracbit::quantize {

/// How many bits each element of a tensor gets: M_j of a masked residual code, 1 or more.
class Widths {
 public:
  virtual ~Widths() = default;
  /// Says in `code` how wide the elements from `first` on are, and returns for how many of the next
  /// `count` this holds, at least one.
  virtual int64_t describe(int64_t first, int64_t count, SignTerms& code) const = 0;
};

/// The same for all.
class UniformWidths : public Widths {
 public:
  explicit UniformWidths(int width) : width_(width) {}
  int64_t describe(int64_t, int64_t count, SignTerms& code) const override {
    code.terms = width_;
    code.widths = SignTerms::Widths::uniform;
    return count;
  }

 private:
  int width_;
};

/// A mask tensor, flat.
class StoredWidths : public Widths {
 public:
  explicit StoredWidths(std::span<const uint8_t> mask) : mask_(mask) {}
  int64_t describe(int64_t first, int64_t count, SignTerms& code) const override {
    code.widths = SignTerms::Widths::stored;
    code.stored = mask_.data() + first;
    return count;
  }

 private:
  std::span<const uint8_t> mask_;
};

/// The mask of one sample, the same for all.
class SampleWidths : public Widths {
 public:
  explicit SampleWidths(std::span<const uint8_t> mask) : mask_(mask) {}
  int64_t describe(int64_t first, int64_t count, SignTerms& code) const override {
    const auto size = static_cast<int64_t>(mask_.size());
    code.widths = SignTerms::Widths::stored;
    code.stored = mask_.data() + first % size;
    return std::min(count, size - first % size);
  }

 private:
  std::span<const uint8_t> mask_;
};

}  // namespace fracbit::quantize
