#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// Values to bits and back, one row of a BitTensor at a time: element i of a row is bit i % 64 of
/// word i / 64 of each plane, planes follow each other, and the bits past the last element are 0.
namespace fracbit::kernels::bitpack {

struct Kernels {
  const char* name;
  /// One plane: bit i = values[i] >= threshold (NaN gives 0).
  void (*compare)(const real* values, int64_t n, real threshold, uint64_t* plane) noexcept;
  /// Planes of the codes q_i = number of thresholds, of `top` ascending ones, that values[i]
  /// reaches; top < 2^planes.
  void (*count)(const real* values, int64_t n, const real* thresholds, int top, int planes,
                uint64_t* row) noexcept;
  /// Plane p gets bit p of each code, p < planes.
  void (*codes)(const uint16_t* codes, int64_t n, int planes, uint64_t* row) noexcept;
  /// values[i] = mul q_i + add with q_i = sum over p of 2^p (bit of plane p); exact below 2^24.
  void (*levels)(const uint64_t* row, int64_t n, int planes, int mul, int add,
                 real* values) noexcept;
  /// values[i] = sum over t < terms of scales[t] mask_ti sign_ti, t ascending; plane 2t is the
  /// sign, plane 2t + 1 the mask.
  void (*residual)(const uint64_t* row, int64_t n, int terms, const real* scales,
                   real* values) noexcept;
};

/// The kernels of an instruction set, or those of the nearest lesser one.
const Kernels& find(const char* isa) noexcept;

}  // namespace fracbit::kernels::bitpack
