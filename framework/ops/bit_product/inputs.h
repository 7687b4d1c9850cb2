#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/ops/bit_product/geometry.h"

namespace fracbit::kernels::bitgemm {
struct Kernels;
}

namespace fracbit::ops::bit_product {

/// How the windows of a few output rows are read: where each of them starts, and where its words
/// lie from there. The same for all images and all chunks of rows, because a chunk of a padded or
/// grouped input is a copy with a border of zeros.
struct Windows {
  std::vector<int64_t> window;  ///< [rows * out_width] first word of each output pixel's window
  std::vector<int64_t> tap;     ///< [taps * words per tap]
  int64_t row_words = 0;        ///< from one input row to the next
  int64_t plane_words = 0;      ///< from one plane to the next
  int64_t pixel_words = 0;
  bool copied = false;

  /// Of pixels with that many planes.
  Windows(int planes, const Geometry& geometry, int64_t rows);
};

/// The input rows under a chunk of output rows of one image and group.
class Chunk {
 public:
  Chunk(const BitTensor& x, const Geometry& geometry, const Windows& windows)
      : x_(x), geometry_(geometry), windows_(windows) {}

  /// Output rows [row, row + rows) of an image.
  void load(int64_t image, int64_t group, int64_t row, int64_t rows);
  const uint64_t* words() const { return words_; }
  /// Input pixels under them, border included.
  int64_t pixels() const { return rows_ * windows_.row_words / windows_.pixel_words; }
  /// For each output pixel the sum over its window of factors[plane] popcount.
  void sum_windows(const std::vector<int32_t>& factors, const kernels::bitgemm::Kernels& kernels,
                   std::vector<int32_t>& sums);

 private:
  void sum_pixels(const std::vector<int32_t>& factors);
  void copy_row(const uint64_t* from, int64_t first_channel, uint64_t* to) const;

  const BitTensor& x_;
  const Geometry& geometry_;
  const Windows& windows_;
  const uint64_t* words_ = nullptr;
  int64_t rows_ = 0;
  bool counted_ = false;  // counts_ belongs to these rows
  std::vector<uint64_t> copy_;
  std::vector<int32_t> counts_, pixels_;
};

}  // namespace fracbit::ops::bit_product
