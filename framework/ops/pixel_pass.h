#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"
#include "fracbit/framework/tensor.h"

namespace fracbit::kernels {
struct Finish;
}

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
  /// What the pass does to each number by itself, or null. A product may do that where it stores
  /// its sums, and then calls neither of the others.
  virtual const kernels::Finish* finish() const { return nullptr; }
};

/// Whether a product streams its finished result, `pixels` pixels of `channels` numbers from y on:
/// one that no cache holds until it is read.
bool streams(const real* y, int64_t pixels, int64_t channels);

/// Over a whole result, for products that have no blocks of whole pixels.
void pass_over(Tensor& result, PixelPass& pass);

}  // namespace fracbit::ops
