#pragma once

#include <cstdint>
#include <variant>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/shape.h"
#include "fracbit/framework/tensor.h"

namespace fracbit {

/// Bytes of an element of an IntTensor.
enum class IntWidth { int8 = 1, int16 = 2, int32 = 4 };

/// The narrowest width that holds every integer of [-most, most]. Throws ShapeError if int32 does
/// not.
IntWidth width_for(int64_t most);

/// A dense array of exact integers: sums of a product, or levels on a grid. A regular value in one
/// pooled buffer; elements are not initialised.
class IntTensor {
 public:
  /// No elements, shape [0].
  IntTensor() = default;
  IntTensor(const Shape& shape, IntWidth width);

  const Shape& shape() const { return shape_; }
  IntWidth width() const { return static_cast<IntWidth>(int{1} << data_.index()); }
  int64_t size() const { return shape_.size(); }
  int64_t bytes() const { return size() * static_cast<int64_t>(width()); }

  /// The elements; T is the type of width().
  template <typename T>
  T* data() {
    return std::get<Buffer<T>>(data_).data();
  }
  template <typename T>
  const T* data() const {
    return std::get<Buffer<T>>(data_).data();
  }
  /// The same elements under another shape of equal size; throws ShapeError otherwise.
  IntTensor reshaped(const Shape& shape) const;

  /// Element i, whatever the width; for tests and references.
  int32_t at(int64_t i) const;

  /// Calls f(pointer to the first element) with the pointer's own type.
  template <typename F>
  decltype(auto) visit(F&& f) const {
    return std::visit([&](const auto& buffer) -> decltype(auto) { return f(buffer.data()); },
                      data_);
  }

  friend bool operator==(const IntTensor&, const IntTensor&) = default;

 private:
  Shape shape_{0};
  std::variant<Buffer<int8_t>, Buffer<int16_t>, Buffer<int32_t>> data_;
};

/// A quantized tensor on an integer grid: value = scales[g] ints, g the index of axis 0 if there is
/// more than one scale. The integers are of width int8 or int16.
struct ScaledInts {
  IntTensor ints;
  Tensor scales;
};

/// A quantized gradient, one byte per element: value = scales[n] (2 q - (2^bits - 1)) for sample n,
/// q in [0, 2^bits). Zhou et al. 2016, DoReFa-Net, eq. 12.
struct GradientCodes {
  Shape shape{0};         ///< [N, ...]
  int bits = 8;           ///< 1 .. 8
  Buffer<uint8_t> codes;  ///< q
  Tensor scales;          ///< [N]

  int32_t top() const { return (int32_t{1} << bits) - 1; }
};

/// scales[g] ints, elementwise.
Tensor values(const ScaledInts& quantized);
/// scales[n] (2 q - top), elementwise.
Tensor values(const GradientCodes& gradient);

}  // namespace fracbit
