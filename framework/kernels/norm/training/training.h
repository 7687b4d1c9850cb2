#pragma once

#include "fracbit/framework/kernels/norm/norm.h"

/// What training takes beside the passes of norm.h: statistics, and the way back. Every instruction
/// set gives the same bits: channels are lanes, and the order of each sum is that of the pixels,
/// said below.
namespace fracbit::kernels::norm::training {

/// g = A dy + (B D + C), per channel.
struct Coefficients {
  const real* a;
  const real* b;
  const real* c;
};

/// A row of outputs, each the winner of its window of any size: window p holds the numbers at
/// d + p step + u row + v channels, u < rows, v < columns. The first largest one in that order
/// wins: in the order of D, or of -D in channels with scale < 0.
template <typename T>
struct Windows {
  const T* d;
  int64_t row, step;  ///< numbers
  int64_t rows, columns;
  int64_t pixels;    ///< outputs
  int64_t channels;  ///< numbers of a pixel
  const real* scale;
};

template <typename T>
struct Passes {
  /// sums[c] += D, and low[c] + 2^32 high[c] grows by D^2, over the pixels; D whole, |D| <= most.
  void (*sums)(const T* d, int64_t pixels, int64_t channels, int64_t most, int64_t* sums,
               int64_t* low, int64_t* high) noexcept;
  /// dx = dy at the first largest D of each window, 0 elsewhere; dx lies like d. below != 0.
  void (*unpool)(const Run<T>& run, const real* dy, real* dx) noexcept;
  /// out = the winners.
  void (*winners)(const Windows<T>& windows, T* out) noexcept;
  /// dx += dy at the winners; dx lies like d.
  void (*give_back)(const Windows<T>& windows, const real* dy, real* dx) noexcept;
  /// With dy = dout w(y): sum[c] += dy, product[c] += dy (D - centre[c]). Sixteen pixels at a time
  /// are summed in real, fours as (t0 + t1) + (t2 + t3), then added in double.
  void (*gradient_sums)(const Run<T>& run, const Affine& affine, const Activation& h,
                        const real* centre, const real* dout, double* sum,
                        double* product) noexcept;
  /// g of every input, with dy = dout w(y) at the outputs (at the first largest of a window) and 0
  /// elsewhere; g lies like d, and may be d or dout where T is real. dout null: dy = 0. Returns the
  /// largest |g|, NaN left out.
  real (*gradient)(const Run<T>& run, const Affine& affine, const Activation& h,
                   const Coefficients& coefficients, const real* dout, real* g) noexcept;
};

/// Counter and key of Philox4x32-10.
struct Philox {
  uint32_t counter[4];
  uint32_t key[2];
};

/// The affine map of one sample of gradients to codes: n u = (g up) slope + n / 2 + sigma.
struct GradientMap {
  real up;
  real slope;
};

struct Kernels {
  const char* name;
  Passes<int16_t> int16;
  Passes<int32_t> int32;
  Passes<real> reals;
  /// Sum over the pixels, and sum of squares about the mean of these pixels; per channel. Sums are
  /// made like those of gradient_sums; sum and squares are overwritten.
  void (*moments)(const real* x, int64_t pixels, int64_t channels, double* sum,
                  double* squares) noexcept;
  /// sigma[i] = (w_i >> 8) 2^-24 + 2^-25 - 1/2, w the words of `blocks` blocks of four from
  /// counter[0] on (modulo 2^32).
  void (*noise)(const Philox& philox, int64_t blocks, real* sigma) noexcept;
  /// q = floor(clamp((g up) slope + top / 2 + sigma, 0, top) + 1/2), exact also where adding 1/2
  /// would round; NaN gives 0.
  void (*gradient_codes8)(const real* g, const real* sigma, int64_t n, GradientMap map, int32_t top,
                          uint8_t* codes) noexcept;
  void (*gradient_codes16)(const real* g, const real* sigma, int64_t n, GradientMap map,
                           int32_t top, uint16_t* codes) noexcept;
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

}  // namespace fracbit::kernels::norm::training
