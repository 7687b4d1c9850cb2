// The kernels of depthwise.h on the vectors of the instruction set this file is compiled for.
// Included once per instruction set; everything is in an anonymous namespace, and Eigen's own is
// renamed.
#pragma once

#include <Eigen/Core>

#include "fracbit/framework/kernels/depthwise/depthwise.h"

namespace fracbit::kernels::depthwise {
namespace {

namespace vec = Eigen::internal;
using Packet = vec::packet_traits<real>::type;
constexpr int kWidth = vec::packet_traits<real>::size;

// A channel at a time, where there is no whole vector of them left, is a vector of one.
template <typename P>
inline P load(const real* p) {
  return vec::ploadu<P>(p);
}
template <typename P>
inline void store(real* p, const P& value) {
  vec::pstoreu(p, value);
}
/// GCC leaves out calls that only prefetch, so this is none.
template <typename P>
[[gnu::always_inline]] inline void ask_for(const real* p) {
  constexpr int kReads = 0, kSecondLevel = 2;
  if constexpr (sizeof(P) > sizeof(real)) __builtin_prefetch(p, kReads, kSecondLevel);
}

/// The sums of Product are stored as they are.
struct AsTheyAre {
  AsTheyAre from(int64_t) const { return {}; }
  template <typename P>
  void store(real* p, const P& sum) const {
    vec::pstoreu(p, sum);
  }
};

/// PIXELS pixels of Product in one vector of channels. With STEP = 1 or 2 there are three columns
/// of taps, and pixels are STEP of them apart: they share what is loaded, and ask for what the same
/// pixels of the next row will see first. STEP = 0: any taps.
template <typename P, int PIXELS, int STEP, typename End>
[[gnu::always_inline]] inline void product_at(const Run& run, const real* x, const real* w,
                                              const real* start, const End& end, real* y) {
  P sums[PIXELS];
#pragma GCC unroll 8
  for (int p = 0; p < PIXELS; ++p) sums[p] = load<P>(start);
  for (int64_t u = 0; u < run.tap_rows; ++u, x += run.x_row, w += run.w_row) {
    if constexpr (STEP == 0) {
      for (int64_t t = 0; t < run.tap_columns; ++t) {
        const P weight = load<P>(w + t * run.channels);
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; ++p) {
          sums[p] = vec::pmadd(load<P>(x + p * run.x_pixel + t * run.channels), weight, sums[p]);
        }
      }
    } else {
      const P weights[] = {load<P>(w), load<P>(w + run.channels), load<P>(w + 2 * run.channels)};
#pragma GCC unroll 20
      for (int column = 0; column < (PIXELS - 1) * STEP + 3; ++column) {
        const P value = load<P>(x + column * run.channels);
        if (u < STEP) ask_for<P>(x + run.tap_rows * run.x_row + column * run.channels);
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; ++p) {
          const int t = column - p * STEP;
          if (0 <= t && t < 3) sums[p] = vec::pmadd(value, weights[t], sums[p]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int p = 0; p < PIXELS; ++p) end.store(y + p * run.y_pixel, sums[p]);
}

template <int PIXELS, int STEP, typename End>
inline void product_pixels(const Run& all, int64_t from, const real* w, const real* start,
                           const End& end, real* y) {
  const Run run = all;
  const real* x = run.x + from * run.x_pixel;
  if (w == nullptr) w = start;  // without taps there may be no weights, and none is read
  y += from * run.y_pixel;
  int64_t c = 0;
  for (; c + kWidth <= run.channels; c += kWidth) {
    product_at<Packet, PIXELS, STEP>(run, x + c, w + c, start + c, end.from(c), y + c);
  }
  for (; c < run.channels; ++c) {
    product_at<real, PIXELS, STEP>(run, x + c, w + c, start + c, end.from(c), y + c);
  }
}

template <int STEP, typename End>
void product_step(const Run& run, const real* w, const real* start, const End& end, real* y) {
  int64_t p = 0;
  for (; p + 4 <= run.pixels; p += 4) product_pixels<4, STEP>(run, p, w, start, end, y);
  for (; p < run.pixels; ++p) product_pixels<1, STEP>(run, p, w, start, end, y);
}

/// What STEP is for a run.
inline int64_t step_of(const Run& run) {
  if (run.tap_columns != 3) return 0;
  return run.x_pixel == run.channels ? 1 : run.x_pixel == 2 * run.channels ? 2 : 0;
}

template <typename End>
inline void product_to(const Run& run, const real* w, const real* start, const End& end, real* y) {
  const int64_t step = step_of(run);
  if (step == 1) return product_step<1>(run, w, start, end, y);
  if (step == 2) return product_step<2>(run, w, start, end, y);
  product_step<0>(run, w, start, end, y);
}

void product(const Run& run, const real* w, const real* start, real* y) noexcept {
  product_to(run, w, start, AsTheyAre{}, y);
}

/// PIXELS pixels of Outer in one vector of channels; STEP as in product_at.
template <typename P, int PIXELS, int STEP>
[[gnu::always_inline]] inline void outer_at(const Run& run, const real* x, const real* dy,
                                            real* dw) {
  P gradients[PIXELS];
#pragma GCC unroll 8
  for (int p = 0; p < PIXELS; ++p) gradients[p] = load<P>(dy + p * run.y_pixel);
  for (int64_t u = 0; u < run.tap_rows; ++u, x += run.x_row, dw += run.w_row) {
    if constexpr (STEP == 0) {
      for (int64_t t = 0; t < run.tap_columns; ++t) {
        P sum = load<P>(dw + t * run.channels);
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; ++p) {
          sum = vec::pmadd(load<P>(x + p * run.x_pixel + t * run.channels), gradients[p], sum);
        }
        store<P>(dw + t * run.channels, sum);
      }
    } else {
      P sums[] = {load<P>(dw), load<P>(dw + run.channels), load<P>(dw + 2 * run.channels)};
#pragma GCC unroll 20
      for (int column = 0; column < (PIXELS - 1) * STEP + 3; ++column) {
        const P value = load<P>(x + column * run.channels);
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; ++p) {
          const int t = column - p * STEP;
          if (0 <= t && t < 3) sums[t] = vec::pmadd(value, gradients[p], sums[t]);
        }
      }
#pragma GCC unroll 3
      for (int t = 0; t < 3; ++t) store<P>(dw + t * run.channels, sums[t]);
    }
  }
}

template <int PIXELS, int STEP>
inline void outer_pixels(const Run& all, int64_t from, const real* dy, real* dw) {
  if (dw == nullptr) return;  // without taps
  const Run run = all;
  const real* x = run.x + from * run.x_pixel;
  dy += from * run.y_pixel;
  int64_t c = 0;
  for (; c + kWidth <= run.channels; c += kWidth) {
    outer_at<Packet, PIXELS, STEP>(run, x + c, dy + c, dw + c);
  }
  for (; c < run.channels; ++c) outer_at<real, PIXELS, STEP>(run, x + c, dy + c, dw + c);
}

template <int STEP>
void outer_step(const Run& run, const real* dy, real* dw) {
  int64_t p = 0;
  for (; p + 8 <= run.pixels; p += 8) outer_pixels<8, STEP>(run, p, dy, dw);
  for (; p + 4 <= run.pixels; p += 4) outer_pixels<4, STEP>(run, p, dy, dw);
  for (; p < run.pixels; ++p) outer_pixels<1, STEP>(run, p, dy, dw);
}

void outer(const Run& run, const real* dy, real* dw) noexcept {
  const int64_t step = step_of(run);
  if (step == 1) return outer_step<1>(run, dy, dw);
  if (step == 2) return outer_step<2>(run, dy, dw);
  outer_step<0>(run, dy, dw);
}

constexpr Kernels kTable{.product = product, .outer = outer};

}  // namespace
}  // namespace fracbit::kernels::depthwise
