#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fracbit/quantize/deploy/model.h"
#include "fracbit/quantize/deploy/runtime/layout.h"

namespace fracbit::kernels::norm {
struct Kernels;
}

namespace fracbit::deploy::runtime {

/// Reals to residual planes or to integers of a grid, by frozen scales and cuts (Output).
class TermCoder {
 public:
  TermCoder(const Output& output, const Layout& layout, const kernels::norm::Kernels& kernels);

  /// `pixels` pixels of all channels; `out` is the first of them in the layout.
  void encode(const float* y, int64_t pixels, std::byte* out) const;

 private:
  void encode_ordered(const float* y, int64_t pixels, std::byte* out) const;

  const kernels::norm::Kernels& kernels_;
  Output output_;
  std::vector<float> cuts_, keys_, levels_;
  Layout layout_;
};

}  // namespace fracbit::deploy::runtime
