#pragma once

#include <cstdint>

#include "fracbit/framework/real.h"

/// A convolution of each channel with taps of its own, a few pixels of one row of the result at a
/// time. Every sum is taken in the order of its indices, so that its bits do not depend on where a
/// run of pixels begins. Nothing is allocated or checked; pointers need no alignment.
namespace fracbit::kernels::depthwise {

/// Consecutive pixels of a row and the taps that they see, all of which are inside x. Tap (u, v) of
/// pixel p is at x + u x_row + p x_pixel + v channels, its weights are at w + u w_row + v channels.
struct Run {
  int64_t pixels;
  int64_t channels;
  int64_t tap_rows, tap_columns;
  const real* x;
  int64_t x_row, x_pixel;
  int64_t w_row;
  int64_t y_pixel;  ///< reals from one pixel of the result to the next
};

/// y[p y_pixel + c] = start[c] + sum over taps (u, v) of x[tap (u, v) of p][c] w[(u, v)][c], for
/// p < pixels, c < channels.
using Product = void (*)(const Run& run, const real* w, const real* start, real* y) noexcept;

/// dw[(u, v)][c] += sum over pixels p of x[tap (u, v) of p][c] dy[p y_pixel + c].
using Outer = void (*)(const Run& run, const real* dy, real* dw) noexcept;

struct Kernels {
  Product product;
  Outer outer;
};

/// Kernels of an instruction set, or those of the nearest lesser one.
const Kernels& find(const char* isa) noexcept;

extern const Kernels kScalar;
extern const Kernels kNeon;
extern const Kernels kAvx2;
extern const Kernels kAvx512;

}  // namespace fracbit::kernels::depthwise
