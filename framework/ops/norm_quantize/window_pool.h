#pragma once

#include <cstdint>
#include <vector>

#include "fracbit/framework/ops/pool.h"
#include "fracbit/framework/real.h"
#include "fracbit/framework/shape.h"

namespace fracbit::ops {

/// Max pool of any window, over D of int16_t, int32_t or real; one image at a time. The first
/// largest D' of a window wins, D' = D or, in channels with scale < 0 (scale may be null), -D.
class WindowPool {
 public:
  /// x [N, H, W, C]; pooled is pool_shape of it.
  WindowPool(const Shape& x, const Shape& pooled, const PoolOptions& options, const real* scale);
  WindowPool(const WindowPool&) = delete;
  WindowPool& operator=(const WindowPool&) = delete;

  /// out = the winner of each window.
  template <typename T>
  void forward(const T* image, T* out) const;
  /// dx += dy at the winner of each window.
  template <typename T>
  void backward(const T* image, const real* dy, real* dx) const;

 private:
  template <typename T, typename F>
  void for_runs(const T* image, F f) const;

  Shape x_;
  Shape pooled_;
  PoolOptions options_;
  std::vector<real> zeros_;
  const real* scale_;
};

}  // namespace fracbit::ops
