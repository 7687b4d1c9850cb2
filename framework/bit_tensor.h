#pragma once

#include <cstdint>
#include <span>

#include "fracbit/framework/buffer.h"
#include "fracbit/framework/shape.h"
#include "fracbit/framework/tensor.h"

namespace fracbit {

/// How the planes of a BitTensor are read.
enum class Encoding {
  codes,     ///< unsigned integers q in [0, 2^k): plane p holds bit p of q
  residual,  ///< signed planes under nested masks: planes 2n and 2n + 1 hold sign and mask of term
             ///< n
};

/// Integer value of a code: mul q + add. (1, 0) is unsigned, (2, 1 - 2^k) is bipolar.
struct CodeMap {
  int mul = 1;
  int add = 0;
  friend bool operator==(const CodeMap&, const CodeMap&) = default;
};

/// Packed bits of a tensor. The last axis is packed 64 to a word; every index of the other axes (a
/// *row*) starts a new word. A row holds its planes one after the other: words[(row * planes +
/// plane) * words_per_plane + c / 64], bit c % 64, is element c. **Bits past the last axis are 0 in
/// every plane.** Sign bits are 1 for +1, 0 for -1, and 0 wherever the mask is 0. A regular value;
/// the real scales stay outside (ScaledBits).
class BitTensor {
 public:
  BitTensor() = default;
  /// All bits 0. Throws ShapeError for a rank of 0; ConfigError unless 1 <= bits <= 16 (codes) or 8
  /// (residual terms).
  BitTensor(const Shape& shape, Encoding encoding, int bits, CodeMap map = {});

  /// 1-bit bipolar codes, value 2 q - 1.
  static BitTensor bipolar(const Shape& shape) { return {shape, Encoding::codes, 1, {2, -1}}; }

  const Shape& shape() const { return shape_; }
  Encoding encoding() const { return encoding_; }
  /// Bits of a code, or terms of a residual.
  int bits() const { return bits_; }
  CodeMap map() const { return map_; }
  /// Stored planes: bits() for codes, 2 bits() for residual.
  int planes() const { return encoding_ == Encoding::codes ? bits_ : 2 * bits_; }
  int64_t rows() const { return rows_; }
  int64_t words_per_plane() const { return words_per_plane_; }
  int64_t words_per_row() const { return planes() * words_per_plane_; }

  uint64_t* row(int64_t r) { return words_.data() + r * words_per_row(); }
  const uint64_t* row(int64_t r) const { return words_.data() + r * words_per_row(); }
  std::span<uint64_t> words() { return {words_.data(), static_cast<size_t>(words_.size())}; }
  std::span<const uint64_t> words() const {
    return {words_.data(), static_cast<size_t>(words_.size())};
  }
  int64_t bytes() const { return words_.bytes(); }

  friend bool operator==(const BitTensor&, const BitTensor&) = default;

 private:
  Shape shape_{0};
  Encoding encoding_ = Encoding::codes;
  int bits_ = 1;
  CodeMap map_;
  int64_t rows_ = 0;
  int64_t words_per_plane_ = 0;
  Buffer<uint64_t> words_;
};

/// A quantized tensor: bits and the real scales that turn them into values. G is 1 or the extent of
/// axis 0.
///   codes     scales [G]        value = scales[g] (mul q + add)
///   residual  scales [G, terms] value = sum over n of scales[g, n] mask_n sign_n, n ascending
struct ScaledBits {
  BitTensor bits;
  Tensor scales;
};

/// A quantized tensor as reals: value = scales[g] levels, scales [G]. For codes the levels are
/// integers, so that products of levels are exact and scales are applied afterwards (spec 5.6); for
/// residual they are the values themselves and the scale is 1.
struct ScaledLevels {
  Tensor levels;
  Tensor scales;
};

/// Codes q of 0 .. 2^bits - 1, one integer per element, to planes. Values outside are an error of
/// the caller. Throws ShapeError unless there is one per element.
void pack_codes(std::span<const uint16_t> codes, BitTensor& bits);

/// Plane `plane` of element i becomes values[i] >= threshold; the other planes stay as they are.
/// -0.0 counts as 0, NaN gives 0. Throws ShapeError unless there is one value per
/// element of `bits`.
void pack_compare(std::span<const real> values, real threshold, BitTensor& bits, int plane = 0);

/// Signs of values into plane 0: bit = (value >= 0), so sign(0) = sign(-0.0) = +1.
inline void pack_signs(std::span<const real> values, BitTensor& bits) {
  pack_compare(values, 0, bits);
}

/// Codes from thresholds: element i becomes the number of thresholds <= values[i], of an ascending
/// list of at most 2^bits - 1. NaN gives 0. Throws ShapeError unless there is one value per
/// element, ConfigError for too many thresholds.
void pack_thresholds(std::span<const real> values, std::span<const real> thresholds,
                     BitTensor& bits);

/// Bits to levels, exactly what the quantizer's float simulation yields.
ScaledLevels decode(const ScaledBits& packed);

/// scales[g] levels, elementwise.
Tensor values(const ScaledLevels& quantized);
Tensor values(const ScaledBits& packed);

}  // namespace fracbit
