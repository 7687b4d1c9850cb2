// The transforms of winograd.h on the vectors of the instruction set this file is compiled for.
// Included once per instruction set; everything is in an anonymous namespace, and Eigen's own is
// renamed.
#pragma once

#include <Eigen/Core>

#include "fracbit/framework/kernels/winograd/winograd.h"

namespace fracbit::kernels::winograd {
namespace {

namespace vec = Eigen::internal;
using Packet = vec::packet_traits<real>::type;
constexpr int kWidth = vec::packet_traits<real>::size;

/// What the lines of a square go through, first its columns, then the rows of the result: one
/// expression per row of the matrix. T is a vector of channels, or one channel.
template <typename T>
struct Lines {
  static T times(double factor, T value) {
    return vec::pmul(vec::pset1<T>(static_cast<real>(factor)), value);
  }
  /// factor a + b
  static T fma(double factor, T a, T b) {
    return vec::pmadd(vec::pset1<T>(static_cast<real>(factor)), a, b);
  }
  static T add(T a, T b) { return vec::padd(a, b); }
  static T sub(T a, T b) { return vec::psub(a, b); }

  /// B^T d
  static void input(const T* d, T* t) {
    const T even = fma(-4, d[2], d[4]);
    const T odd = fma(-4, d[1], d[3]);
    const T difference = sub(d[4], d[2]);
    const T twice = times(2, sub(d[3], d[1]));
    t[0] = fma(4, d[0], fma(-5, d[2], d[4]));
    t[1] = add(even, odd);
    t[2] = sub(even, odd);
    t[3] = add(difference, twice);
    t[4] = sub(difference, twice);
    t[5] = fma(4, d[1], fma(-5, d[3], d[5]));
  }
  /// A^T m
  static void output3(const T* m, T* y) {
    const T sum1 = add(m[1], m[2]);
    const T difference1 = sub(m[1], m[2]);
    const T sum2 = add(m[3], m[4]);
    const T difference2 = sub(m[3], m[4]);
    y[0] = add(add(m[0], sum1), sum2);
    y[1] = fma(2, difference2, difference1);
    y[2] = fma(4, sum2, sum1);
    y[3] = add(fma(8, difference2, difference1), m[5]);
  }
  static void output5(const T* m, T* y) {
    y[0] = add(add(m[0], add(m[1], m[2])), add(m[3], m[4]));
    y[1] = add(fma(2, sub(m[3], m[4]), sub(m[1], m[2])), m[5]);
  }
  /// G g
  static void weights3(const T* g, T* u) {
    const T even = times(-1.0 / 6, add(g[0], g[2]));
    const T even2 = fma(1.0 / 24, g[0], times(1.0 / 6, g[2]));
    u[0] = times(0.25, g[0]);
    u[1] = fma(-1.0 / 6, g[1], even);
    u[2] = fma(1.0 / 6, g[1], even);
    u[3] = fma(1.0 / 12, g[1], even2);
    u[4] = fma(-1.0 / 12, g[1], even2);
    u[5] = g[2];
  }
  static void weights5(const T* g, T* u) {
    const T even = times(-1.0 / 6, add(add(g[0], g[2]), g[4]));
    const T odd = add(g[1], g[3]);
    const T even2 = fma(1.0 / 24, g[0], fma(1.0 / 6, g[2], times(2.0 / 3, g[4])));
    const T odd2 = fma(1.0 / 12, g[1], times(1.0 / 3, g[3]));
    u[0] = times(0.25, g[0]);
    u[1] = fma(-1.0 / 6, odd, even);
    u[2] = fma(1.0 / 6, odd, even);
    u[3] = add(even2, odd2);
    u[4] = sub(even2, odd2);
    u[5] = g[4];
  }
  /// A y
  static void output_gradient3(const T* y, T* w) {
    const T even1 = add(y[0], y[2]);
    const T odd1 = add(y[1], y[3]);
    const T even2 = fma(4, y[2], y[0]);
    const T odd2 = fma(8, y[3], times(2, y[1]));
    w[0] = y[0];
    w[1] = add(even1, odd1);
    w[2] = sub(even1, odd1);
    w[3] = add(even2, odd2);
    w[4] = sub(even2, odd2);
    w[5] = y[3];
  }
  static void output_gradient5(const T* y, T* w) {
    w[0] = y[0];
    w[1] = add(y[0], y[1]);
    w[2] = sub(y[0], y[1]);
    w[3] = fma(2, y[1], y[0]);
    w[4] = fma(-2, y[1], y[0]);
    w[5] = y[1];
  }
  /// G^T u
  static void weight_gradient3(const T* u, T* g) {
    const T near = add(u[1], u[2]);
    const T far = add(u[3], u[4]);
    g[0] = fma(0.25, u[0], fma(-1.0 / 6, near, times(1.0 / 24, far)));
    g[1] = fma(1.0 / 6, sub(u[2], u[1]), times(1.0 / 12, sub(u[3], u[4])));
    g[2] = fma(1.0 / 6, sub(far, near), u[5]);
  }
  static void weight_gradient5(const T* u, T* g) {
    const T near = times(-1.0 / 6, add(u[1], u[2]));
    const T near_odd = times(1.0 / 6, sub(u[2], u[1]));
    const T far = add(u[3], u[4]);
    const T far_odd = sub(u[3], u[4]);
    g[0] = fma(0.25, u[0], fma(1.0 / 24, far, near));
    g[1] = fma(1.0 / 12, far_odd, near_odd);
    g[2] = fma(1.0 / 6, far, near);
    g[3] = fma(1.0 / 3, far_odd, near_odd);
    g[4] = add(fma(2.0 / 3, far, near), u[5]);
  }
};

/// One vector of channels, or a single one: `load(i, j)` of an In x In square, through `line` both
/// ways, to `store(i, j, value)` of an Out x Out square.
template <typename T, int In, int Out, auto line, typename Load, typename Store>
[[gnu::always_inline]] inline void transform(const Load& load, const Store& store) {
  T half[Out][In];
#pragma GCC unroll 6
  for (int j = 0; j < In; ++j) {
    T from[In], to[Out];
#pragma GCC unroll 6
    for (int i = 0; i < In; ++i) from[i] = load(i, j);
    line(from, to);
#pragma GCC unroll 6
    for (int i = 0; i < Out; ++i) half[i][j] = to[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < Out; ++i) {
    T to[Out];
    line(half[i], to);
#pragma GCC unroll 6
    for (int j = 0; j < Out; ++j) store(i, j, to[j]);
  }
}

/// Calls body(zero of the type, c) for vectors of channels and then for the single ones left.
template <typename Body>
inline void for_channels(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + kWidth <= channels; c += kWidth) body(vec::pset1<Packet>(0), c);
  for (; c < channels; ++c) body(real{0}, c);
}

void input(const real* const* d, int64_t channels, real* v, int64_t step) noexcept {
  for_channels(channels, [&](auto zero, int64_t c) {
    using T = decltype(zero);
    transform<T, 6, 6, Lines<T>::input>(
        [&](int i, int j) { return vec::ploadu<T>(d[6 * i + j] + c); },
        [&](int i, int j, T value) { vec::pstoreu(v + (6 * i + j) * step + c, value); });
  });
}

template <int Size>
void output(const real* m, int64_t step, int64_t channels, const real* start,
            real* const* y) noexcept {
  for_channels(channels, [&](auto zero, int64_t c) {
    using T = decltype(zero);
    constexpr int kTile = 7 - Size;
    constexpr auto kLine = Size == 3 ? Lines<T>::output3 : Lines<T>::output5;
    const T first = vec::ploadu<T>(start + c);
    transform<T, 6, kTile, kLine>(
        [&](int i, int j) { return vec::ploadu<T>(m + (6 * i + j) * step + c); },
        [&](int i, int j, T value) {
          vec::pstoreu(y[kTile * i + j] + c, vec::padd(first, value));
        });
  });
}

template <int Size>
void weights(const real* const* g, int64_t channels, real* u, int64_t step) noexcept {
  for_channels(channels, [&](auto zero, int64_t c) {
    using T = decltype(zero);
    constexpr auto kLine = Size == 3 ? Lines<T>::weights3 : Lines<T>::weights5;
    transform<T, Size, 6, kLine>(
        [&](int i, int j) { return vec::ploadu<T>(g[Size * i + j] + c); },
        [&](int i, int j, T value) { vec::pstoreu(u + (6 * i + j) * step + c, value); });
  });
}

template <int Size>
void output_gradient(const real* const* dy, int64_t channels, real* w, int64_t step) noexcept {
  for_channels(channels, [&](auto zero, int64_t c) {
    using T = decltype(zero);
    constexpr int kTile = 7 - Size;
    constexpr auto kLine = Size == 3 ? Lines<T>::output_gradient3 : Lines<T>::output_gradient5;
    transform<T, kTile, 6, kLine>(
        [&](int i, int j) { return vec::ploadu<T>(dy[kTile * i + j] + c); },
        [&](int i, int j, T value) { vec::pstoreu(w + (6 * i + j) * step + c, value); });
  });
}

template <int Size>
void weight_gradient(const real* u, int64_t step, int64_t channels, real* const* dg) noexcept {
  for_channels(channels, [&](auto zero, int64_t c) {
    using T = decltype(zero);
    constexpr auto kLine = Size == 3 ? Lines<T>::weight_gradient3 : Lines<T>::weight_gradient5;
    transform<T, 6, Size, kLine>(
        [&](int i, int j) { return vec::ploadu<T>(u + (6 * i + j) * step + c); },
        [&](int i, int j, T value) { vec::pstoreu(dg[Size * i + j] + c, value); });
  });
}

template <int Size>
constexpr Transforms transforms() {
  return {.input = input,
          .output = output<Size>,
          .weights = weights<Size>,
          .output_gradient = output_gradient<Size>,
          .weight_gradient = weight_gradient<Size>};
}

constexpr Kernels kTable{.size3 = transforms<3>(), .size5 = transforms<5>()};

}  // namespace
}  // namespace fracbit::kernels::winograd
