#include "fracbit/framework/value.h"

#include <algorithm>

#include "fracbit/framework/error.h"
#include "fracbit/framework/parallel.h"

namespace fracbit {
namespace {

const Shape& shape_in(const Tensor& x) {
  return x.shape();
}
const Shape& shape_in(const ScaledBits& x) {
  return x.bits.shape();
}
const Shape& shape_in(const ScaledInts& x) {
  return x.ints.shape();
}
const Shape& shape_in(const ScaledLevels& x) {
  return x.levels.shape();
}

Tensor values_of(const Tensor& x) {
  return x;
}
template <typename Quantized>
Tensor values_of(const Quantized& x) {
  return values(x);
}

/// Appends `count` bits of `from` behind bit `at` of `to`, which is zero from there on.
void append_bits(const uint64_t* from, int64_t count, uint64_t* to, int64_t at) {
  const int64_t shift = at % 64;
  to += at / 64;
  for (int64_t done = 0; done < count; done += 64, ++from, ++to) {
    to[0] |= *from << shift;
    if (shift != 0 && shift + std::min<int64_t>(64, count - done) > 64) {
      to[1] |= *from >> (64 - shift);
    }
  }
}

/// The planes of each pixel side by side become planes of the whole sample.
BitTensor flat(const BitTensor& x, const Shape& shape) {
  BitTensor y(shape, x.encoding(), x.bits(), x.map());
  const int64_t channels = x.shape().back();
  const int64_t pixels = x.rows() / std::max<int64_t>(1, shape[0]);
  parallel_for(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t i = 0; i < pixels; ++i) {
        const uint64_t* from = x.row(n * pixels + i);
        for (int p = 0; p < x.planes(); ++p) {
          append_bits(from + p * x.words_per_plane(), channels, y.row(n) + p * y.words_per_plane(),
                      i * channels);
        }
      }
    }
  });
  return y;
}

Value flat(const Tensor& x, const Shape& shape) {
  return x.reshaped(shape);
}
Value flat(const ScaledBits& x, const Shape& shape) {
  return ScaledBits{flat(x.bits, shape), x.scales};
}
Value flat(const ScaledInts& x, const Shape& shape) {
  return ScaledInts{x.ints.reshaped(shape), x.scales};
}
Value flat(const ScaledLevels& x, const Shape& shape) {
  return ScaledLevels{x.levels.reshaped(shape), x.scales};
}

}  // namespace

const Shape& shape_of(const Value& value) {
  return std::visit([](const auto& x) -> const Shape& { return shape_in(x); }, value);
}

Tensor values(const Value& value) {
  return std::visit([](const auto& x) { return values_of(x); }, value);
}

Value flattened(const Value& value) {
  const Shape& shape = shape_of(value);
  if (shape.rank() == 0) throw ShapeError("[flatten] expects a batch axis, got shape []");
  const Shape rows{shape[0], shape.stride0()};
  return std::visit([&](const auto& x) { return flat(x, rows); }, value);
}

}  // namespace fracbit
