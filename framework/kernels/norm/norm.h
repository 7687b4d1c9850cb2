#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// The passes of a block between two products: normalise, pool, activate, quantize. Data are
/// integers or reals D of type T, channels last. Every instruction set gives the same bits. What
/// training needs beside them is in norm/training.
namespace fracbit::kernels::norm {

/// h(y) = min(high, max(low, r)) of r = y or, two-sided, |y|; and its gradient window, w(y) = 1 or,
/// two-sided, the sign of y where from <= r <= to, 0 elsewhere.
struct Activation {
  bool two_sided;
  real low, high;
  real from, to;
};

/// Consecutive output pixels. below = 0: output p comes from input pixel p. Otherwise from the
/// window of four input pixels 2p and 2p + 1 at d and at d + below (2x2 pool, stride 2), whose
/// first largest number counts: in the order of D or, in passes with an Affine, of -D where scale <
/// 0.
template <typename T>
struct Run {
  const T* d;
  int64_t below;     ///< numbers
  int64_t pixels;    ///< outputs
  int64_t channels;  ///< numbers of a pixel
};

/// y = D scale + shift, per channel; one product, one sum.
struct Affine {
  const real* scale;
  const real* shift;
};

/// Codes as compares. With D' = D, or -D where scale < 0, the code of channel c is the number of
/// j < top with D' > above[j stride + c] or, if below is not null, D' < below[j stride + c].
template <typename T>
struct Steps {
  const T* above;
  const T* below;
  const real* scale;
  int64_t stride;  ///< channels, rounded up to a multiple of 64; above and below have as many
  int top;
  int planes;
};

/// Residual codes under fixed cuts (spec 3.7): E_0 = y, term n is s_n = +1 where E_n >= 0, else -1,
/// E_(n+1) = E_n - mu[n] s_n. An element has term 0, and term n > 0 where cut[n - 1] is below its
/// key: key[i] if there are keys, else | |y| - centre | or, if `negative`, -|y|. Of finite numbers.
struct TermCode {
  int terms;
  const real* mu;
  const real* cut;    ///< [terms - 1], ascending
  const real* level;  ///< whole numbers; not read by planes
  const real* key;    ///< of each number, or null
  real centre;
  bool negative;
};

/// The same where the width of a number is that of its channel: `order` holds the channels by
/// falling width, and the first counts[n] of them have term n; counts[0] is all.
struct ChannelCode {
  int terms;
  const real* mu;
  const int32_t* order;
  const int64_t* counts;
};

template <typename T>
struct Passes {
  /// out = largest D of each window; below != 0.
  void (*pool)(const Run<T>& run, T* out) noexcept;
  /// out = h(y).
  void (*values)(const Run<T>& run, const Affine& affine, const Activation& h, real* out) noexcept;
  /// The planes of the codes, a row of a BitTensor per pixel.
  void (*bits)(const Run<T>& run, const Steps<T>& steps, uint64_t* rows) noexcept;
};

struct Kernels {
  const char* name;
  Passes<int16_t> int16;
  Passes<int32_t> int32;
  Passes<real> reals;
  /// out = floor(top r + 1/2), 0 <= r <= 1.
  void (*codes)(const real* r, int64_t n, int32_t top, uint16_t* out) noexcept;
  /// out = 128 + sum of level[n] s_n over the terms of an element, where that is a byte.
  void (*term_bytes)(const real* y, int64_t n, const TermCode& code, uint8_t* out) noexcept;
  /// out = sum of level[n] s_n.
  void (*term_words)(const real* y, int64_t n, const TermCode& code, int16_t* out) noexcept;
  /// Planes of ceil(n / 64) words: s_0 > 0, then s_n > 0 and the mask of each further term. Signs
  /// are 0 where the mask is.
  void (*term_planes)(const real* y, int64_t n, const TermCode& code, uint64_t* row) noexcept;
  /// Of one pixel y [channels] for each term the plane of s_n > 0 in the order of the code, of
  /// ceil(counts[n] / 64) words.
  void (*channel_signs)(const real* y, const ChannelCode& code, uint64_t* row) noexcept;
};

/// Those for data of type T.
template <typename T>
const Passes<T>& passes(const Kernels& kernels);
template <>
inline const Passes<int16_t>& passes(const Kernels& kernels) {
  return kernels.int16;
}
template <>
inline const Passes<int32_t>& passes(const Kernels& kernels) {
  return kernels.int32;
}
template <>
inline const Passes<real>& passes(const Kernels& kernels) {
  return kernels.reals;
}

/// The kernels of an instruction set, or those of the nearest lesser one.
const Kernels& find(const char* isa) noexcept;

}  // namespace fracbit::kernels::norm
