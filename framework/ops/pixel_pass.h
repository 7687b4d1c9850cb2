#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::ops {

/// What is done to the pixels of a result, [..., C], while they are in the cache: a product calls
/// it for each block of pixels as soon as that is complete, on the thread that made it. Blocks
/// depend on shapes alone.
class PixelPass {
 public:
  PixelPass() = default;
  PixelPass(const PixelPass&) = delete;
  PixelPass& operator=(const PixelPass&) = delete;
  virtual ~PixelPass() = default;

  /// That many blocks follow; each is then added once, by any thread.
  virtual void start(int64_t blocks, int64_t channels) = 0;
  /// `pixels` pixels from `first` on are block `block`.
  virtual void add(int64_t block, real* first, int64_t pixels) = 0;
};

/// Over a whole result, for products that have no blocks of whole pixels.
void pass_over(Tensor& result, PixelPass& pass);

}  // namespace fracbit::ops
