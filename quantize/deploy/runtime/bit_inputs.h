#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/runtime/product.h"

namespace fracbit::deploy::runtime {

/// How the windows of packed images are read: in place, or, where channels are in groups, from a
/// copy that holds the channels of one group.
class BitInputs {
 public:
  explicit BitInputs(const Frame& frame);

  /// The windows of a part.
  struct View {
    const uint64_t* words;
    const int64_t* windows;  ///< [line][pixel] word offset of each window
    int32_t* counts;         ///< room for sum_windows
  };
  /// Word offset of each word in a window.
  const int64_t* taps() const { return taps_.data(); }
  int64_t plane_words() const { return plane_words_; }

  int64_t scratch_bytes(int64_t lines) const;
  /// Those of one group, in memory of the part's scratch.
  View load(const Part& part, int64_t group) const;
  /// For each window the sum over its words of factors[plane] popcount.
  void sum_windows(const View& x, int64_t lines, const std::vector<int32_t>& factors,
                   int32_t* sums) const;

 private:
  /// Pixels of the input under that many lines.
  int64_t columns() const;
  int64_t input_pixels(int64_t lines) const;
  void copy_group(const Part& part, int64_t group, uint64_t* to) const;
  int32_t count(const uint64_t* pixel, const std::vector<int32_t>& factors) const;

  Frame frame_;
  bool copied_;
  int64_t plane_words_, pixel_words_, row_words_, image_words_;
  std::vector<int64_t> taps_;
};

}  // namespace fracbit::deploy::runtime
