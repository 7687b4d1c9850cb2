#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "fracbit/framework/real.h"
#include "fracbit/framework/shape.h"

namespace fracbit {

/// A dense, contiguous array of reals: one 64-byte aligned buffer and a Shape. A regular value:
/// copies are deep, moves are cheap. Buffers return to a process-wide pool, because a training step
/// asks for the same sizes again and again. Allocation failure throws std::bad_alloc.
class Tensor {
 public:
  /// No elements, shape [0].
  Tensor() = default;
  Tensor(const Tensor& other);
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(const Tensor& other);
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor();

  /// Elements are not initialised; for outputs that are written whole.
  static Tensor uninitialized(const Shape& shape);
  static Tensor full(const Shape& shape, real value);
  static Tensor zeros(const Shape& shape) { return full(shape, 0); }
  /// Row-major values. Throws ShapeError if their number is not shape.size().
  static Tensor from(const Shape& shape, std::span<const real> values);
  static Tensor from(const Shape& shape, std::initializer_list<real> values);

  const Shape& shape() const { return shape_; }
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  real* data() { return data_; }
  const real* data() const { return data_; }
  std::span<real> span() { return {data_, static_cast<size_t>(size_)}; }
  std::span<const real> span() const { return {data_, static_cast<size_t>(size_)}; }
  real& operator[](int64_t i) { return data_[i]; }
  real operator[](int64_t i) const { return data_[i]; }

  void fill(real value);
  /// The same elements under another shape of equal size; throws ShapeError otherwise.
  Tensor reshaped(const Shape& shape) const&;
  Tensor reshaped(const Shape& shape) &&;

 private:
  real* data_ = nullptr;
  int64_t size_ = 0;
  Shape shape_{0};
};

/// Throws ShapeError "[op] x has shape ..., expected ..." unless both shapes are equal.
void require_same_shape(const char* op, const Tensor& expected, const Tensor& got);

/// Memory of the tensor pool, in bytes.
struct PoolUse {
  int64_t in_use = 0;  ///< held by living tensors
  int64_t cached = 0;  ///< waiting for reuse
  int64_t peak = 0;    ///< largest in_use so far
};
PoolUse pool_use();
/// Returns the cached buffers to the system.
void release_pool();

}  // namespace fracbit
