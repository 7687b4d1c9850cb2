#include "fracbit/framework/int_tensor.h"

#include <limits>
#include <string>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"

namespace fracbit {
namespace {

constexpr int64_t kGrain = 1 << 14;

/// Elements of one index of axis 0, or all of them if there is one scale.
int64_t elements_per_scale(const Shape& shape, const Tensor& scales) {
  return scales.size() == 1 ? shape.size() : shape.stride0();
}

template <typename Level>
Tensor scaled(const Shape& shape, const Tensor& scales, const Level& level) {
  Tensor result = Tensor::uninitialized(shape);
  const int64_t each = elements_per_scale(shape, scales);
  parallel_for(result.size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      result[i] = scales[i / each] * static_cast<real>(level(i));
    }
  });
  return result;
}

}  // namespace

IntWidth width_for(int64_t most) {
  if (most <= std::numeric_limits<int8_t>::max()) return IntWidth::int8;
  if (most <= std::numeric_limits<int16_t>::max()) return IntWidth::int16;
  if (most <= std::numeric_limits<int32_t>::max()) return IntWidth::int32;
  throw ShapeError("[int_tensor] expects integers that fit 32 bits, got up to " +
                   std::to_string(most));
}

IntTensor::IntTensor(const Shape& shape, IntWidth width) : shape_(shape) {
  switch (width) {
    case IntWidth::int8:
      data_ = Buffer<int8_t>(shape.size());
      break;
    case IntWidth::int16:
      data_ = Buffer<int16_t>(shape.size());
      break;
    case IntWidth::int32:
      data_ = Buffer<int32_t>(shape.size());
      break;
  }
}

IntTensor IntTensor::reshaped(const Shape& shape) const {
  if (shape.size() != size()) {
    throw ShapeError("[int_tensor] cannot view " + to_string(shape_) + " as " + to_string(shape));
  }
  IntTensor view = *this;
  view.shape_ = shape;
  return view;
}

int32_t IntTensor::at(int64_t i) const {
  return visit([i](const auto* data) { return static_cast<int32_t>(data[i]); });
}

Tensor values(const ScaledInts& quantized) {
  return quantized.ints.visit([&](const auto* data) {
    return scaled(quantized.ints.shape(), quantized.scales, [data](int64_t i) { return data[i]; });
  });
}

Tensor values(const GradientCodes& gradient) {
  return scaled(gradient.shape, gradient.scales,
                [q = gradient.codes.data(), top = gradient.top()](int64_t i) {
                  return 2 * int32_t{q[i]} - top;
                });
}

}  // namespace fracbit
