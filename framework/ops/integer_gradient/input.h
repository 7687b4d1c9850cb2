#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/integer_gradient/method.h"
#include "fracbit/framework/ops/integer_gradient/operands.h"

namespace fracbit::ops::integer_gradient {

/// Taps of a row or column of the grid that lie inside dy, as classes: all rows of a class have the
/// same taps.
struct TapClasses {
  struct Range {
    int64_t begin, end;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges;      ///< of taps, by class
  std::vector<int32_t> class_of;  ///< by row
  TapClasses(int64_t rows, const std::vector<int64_t>& taps, int64_t extent);
};

/// One phase of the pixels of x with its weights, as kernels read them.
struct InputPhase {
  Conv2dPhase phase;
  TapClasses rows, columns;
  int64_t k = 0;                ///< steps of a window, with those that fill up
  Buffer<uint8_t> index;        ///< [block of 64 channels][k][vectors][index bytes]
  Buffer<int32_t> class_terms;  ///< [block][class of row][class of column][64]

  int64_t block_bytes(const Choice& choice) const;
  int64_t classes() const {
    return static_cast<int64_t>(rows.ranges.size() * columns.ranges.size());
  }
};

/// Channels of a block of 64, and how many vectors of 16 they take.
inline int64_t block_channels(int64_t channels, int64_t block) {
  return std::min<int64_t>(64, channels - block * 64);
}
inline int64_t block_vectors(int64_t channels, int64_t block) {
  return (block_channels(channels, block) + 15) / 16;
}

/// The weights of all phases, made once per call.
std::vector<InputPhase> input_phases(const Conv2dGeometry& shape, const Choice& choice,
                                     const BitTensor& w, int32_t top);

}  // namespace fracbit::ops::integer_gradient
