#pragma once

#include <variant>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/tensor.h"

namespace fracbit {

/// What a Variable holds: reals, or a quantized tensor in the form its engine computes on. A
/// quantized form stands for the reals it decodes to.
using Value = std::variant<Tensor, ScaledBits, ScaledInts, ScaledLevels>;

inline bool is_quantized(const Value& value) {
  return !std::holds_alternative<Tensor>(value);
}

const Shape& shape_of(const Value& value);

/// The reals it stands for.
Tensor values(const Value& value);

/// One row per sample: [N, ...] -> [N, product of the rest], in the same form; the words of
/// bitplanes are packed anew. Throws ShapeError for rank 0.
Value flattened(const Value& value);

}  // namespace fracbit
