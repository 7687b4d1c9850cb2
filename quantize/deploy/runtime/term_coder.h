#pragma once

#include <cstddef>
#include <cstdint>

#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"

namespace fracbit::deploy::runtime {

/// Reals to residual planes or to integers of a grid, by frozen scales and cuts (Output).
class TermCoder {
 public:
  TermCoder(const Output& output, const Layout& layout) : output_(output), layout_(layout) {}

  /// `pixels` pixels of all channels; `out` is the first of them in the layout.
  void encode(const float* y, int64_t pixels, std::byte* out) const;

 private:
  /// Up to 64 channels from channel 64 `word` on.
  void encode_planes(const float* y, int64_t channels, int64_t word, std::byte* pixel) const;
  void encode_grid(const float* y, int64_t channels, int64_t word, std::byte* pixel) const;

  Output output_;
  Layout layout_;
};

}  // namespace fracbit::deploy::runtime
