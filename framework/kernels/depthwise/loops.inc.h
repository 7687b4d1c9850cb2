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

/// PIXELS pixels of Product in V vectors of channels, from channel c on. T: columns of taps, or 0
/// if they are not known here.
template <typename P, int PIXELS, int V, int T>
inline void product_at(const Run& run, const real* x, const real* w, const real* start, int64_t c,
                       real* y) {
  constexpr int kSize = vec::unpacket_traits<P>::size;
  P sums[PIXELS][V];
#pragma GCC unroll 16
  for (int p = 0; p < PIXELS; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[p][v] = load<P>(start + c + v * kSize);
  }
  const int64_t columns = T == 0 ? run.tap_columns : T;
  const real* x_row = x + c;
  const real* w_row = w + c;
  for (int64_t u = 0; u < run.tap_rows; ++u, x_row += run.x_row, w_row += run.w_row) {
    const real* taps = x_row;
    const real* weights = w_row;
#pragma GCC unroll 3
    for (int64_t t = 0; t < columns; ++t, taps += run.channels, weights += run.channels) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const P weight = load<P>(weights + v * kSize);
#pragma GCC unroll 16
        for (int p = 0; p < PIXELS; ++p) {
          sums[p][v] = vec::pmadd(load<P>(taps + p * run.x_pixel + v * kSize), weight, sums[p][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < PIXELS; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store<P>(y + p * run.y_pixel + c + v * kSize, sums[p][v]);
  }
}

template <int PIXELS, int V, int T>
inline void product_pixels(const Run& run, const real* x, const real* w, const real* start,
                           real* y) {
  int64_t c = 0;
  for (; c + V * kWidth <= run.channels; c += V * kWidth) {
    product_at<Packet, PIXELS, V, T>(run, x, w, start, c, y);
  }
  for (; c + kWidth <= run.channels; c += kWidth) {
    product_at<Packet, PIXELS, 1, T>(run, x, w, start, c, y);
  }
  for (; c < run.channels; ++c) product_at<real, PIXELS, 1, T>(run, x, w, start, c, y);
}

template <int T>
void product_taps(const Run& run, const real* w, const real* start, real* y) noexcept {
  int64_t p = 0;
  for (; p + 4 <= run.pixels; p += 4) {
    product_pixels<4, 2, T>(run, run.x + p * run.x_pixel, w, start, y + p * run.y_pixel);
  }
  for (; p < run.pixels; ++p) {
    product_pixels<1, 4, T>(run, run.x + p * run.x_pixel, w, start, y + p * run.y_pixel);
  }
}

void product(const Run& run, const real* w, const real* start, real* y) noexcept {
  if (run.tap_columns == 3) return product_taps<3>(run, w, start, y);
  product_taps<0>(run, w, start, y);
}

/// PIXELS pixels of Outer in one vector of channels, from channel c on.
template <typename P, int PIXELS>
inline void outer_at(const Run& run, const real* x, const real* dy, int64_t c, real* dw) {
  P gradients[PIXELS];
#pragma GCC unroll 16
  for (int p = 0; p < PIXELS; ++p) gradients[p] = load<P>(dy + p * run.y_pixel + c);
  const real* x_row = x + c;
  real* w_row = dw + c;
  for (int64_t u = 0; u < run.tap_rows; ++u, x_row += run.x_row, w_row += run.w_row) {
    const real* taps = x_row;
    real* sums = w_row;
    for (int64_t t = 0; t < run.tap_columns; ++t, taps += run.channels, sums += run.channels) {
      P sum = load<P>(sums);
#pragma GCC unroll 16
      for (int p = 0; p < PIXELS; ++p) {
        sum = vec::pmadd(load<P>(taps + p * run.x_pixel), gradients[p], sum);
      }
      store<P>(sums, sum);
    }
  }
}

template <int PIXELS>
inline void outer_pixels(const Run& run, const real* x, const real* dy, real* dw) {
  int64_t c = 0;
  for (; c + kWidth <= run.channels; c += kWidth) outer_at<Packet, PIXELS>(run, x, dy, c, dw);
  for (; c < run.channels; ++c) outer_at<real, PIXELS>(run, x, dy, c, dw);
}

void outer(const Run& run, const real* dy, real* dw) noexcept {
  int64_t p = 0;
  for (; p + 8 <= run.pixels; p += 8) {
    outer_pixels<8>(run, run.x + p * run.x_pixel, dy + p * run.y_pixel, dw);
  }
  for (; p + 4 <= run.pixels; p += 4) {
    outer_pixels<4>(run, run.x + p * run.x_pixel, dy + p * run.y_pixel, dw);
  }
  for (; p < run.pixels; ++p) {
    outer_pixels<1>(run, run.x + p * run.x_pixel, dy + p * run.y_pixel, dw);
  }
}

constexpr Kernels kTable{.product = product, .outer = outer};

}  // namespace
}  // namespace fracbit::kernels::depthwise
