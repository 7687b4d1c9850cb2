#pragma once

#include <cstdint>

#include "fracbit/framework/bit_tensor.h"
#include "fracbit/framework/int_tensor.h"
#include "fracbit/framework/ops/conv2d_geometry.h"

namespace fracbit::ops::integer_gradient {

/// Largest magnitude of a level: that of 8-bit codes.
constexpr int32_t kMostLevel = 255;

/// Smallest and largest level of codes.
struct LevelRange {
  int32_t low, high;
  explicit LevelRange(const BitTensor& bits);
  int32_t most() const { return low < -high ? -low : high; }
};

/// Throws ConfigError unless the operand is one that this folder multiplies, ShapeError unless it
/// has one scale.
void check_operand(const char* op, const ScaledBits& operand);
/// Throws ShapeError unless the codes fit their shape, with one scale per sample.
void check_gradient(const char* op, const GradientCodes& g);
/// Throws ShapeError if a sum of `terms` products could leave 32 bits.
void check_sum(const char* op, const GradientCodes& g, const BitTensor& bits, int64_t terms);

/// Codes of `count` elements of a row, one per byte, from its planes `words_per_plane` apart.
void unpack_codes(const uint64_t* row, int planes, int64_t words_per_plane, int64_t count,
                  uint8_t* codes);
/// Levels of all elements, row-major.
Buffer<int16_t> unpack_levels(const BitTensor& bits);

}  // namespace fracbit::ops::integer_gradient
