#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"
#include "fracbit/quantize/deploy/runtime/term_coder.h"

namespace fracbit::kernels::norm {
struct Kernels;
}

namespace fracbit::deploy::runtime {

/// Rows of sums D of T (int16_t, int32_t or float), pixels of all filters one after the other.
template <typename T>
struct Sums {
  const T* data;
  int64_t row;  ///< numbers from a row of pixels to the next
};

/// Rows of results.
struct Results {
  int64_t rows;
  int64_t columns;
  std::byte* out;   ///< the first pixel
  int64_t out_row;  ///< bytes from a row to the next
};

/// What follows a product: normalisation, windows, quantizer, packing; for all filters, or for some
/// that follow each other from a multiple of 64 on. Immutable.
class Epilogue {
 public:
  /// For sums of that type of a block on `x`.
  Epilogue(const Block& block, const Value& x, SumType type, const Layout& out,
           std::string_view isa);

  /// Makes results; `sums` are the rows of the first window and all after it.
  template <typename T>
  void apply(const Sums<T>& sums, const Results& results, std::byte* scratch) const;
  int64_t scratch_bytes(int64_t columns) const;

  const Window& window() const { return window_; }

 private:
  /// Thresholds as the kernels read them, padded to whole words.
  template <typename T>
  struct Steps {
    std::vector<T> above, below;
  };

  template <typename T>
  Steps<T> make_steps(const Thresholds& thresholds) const;
  void set_steps(const Thresholds& thresholds, SumType type);
  template <typename T>
  void row(const T* d, int64_t below, const Results& results, std::byte* out,
           std::byte* scratch) const;
  template <typename T>
  void pool_row(const T* d, int64_t row, int64_t columns, T* out) const;

  const kernels::norm::Kernels& kernels_;
  Output output_;
  Window window_;
  Layout layout_;
  int64_t filters_;
  std::vector<float> slope_, offset_;  ///< padded to whole words
  std::variant<std::monostate, Steps<int16_t>, Steps<int32_t>, Steps<float>> steps_;
  int top_ = 0;
  TermCoder terms_;
};

}  // namespace fracbit::deploy::runtime
