// The kernel of outer.h on the vectors of an instruction set that fuses multiply-add. Included once
// per set; everything is in an anonymous namespace, and Eigen's own is renamed.
#pragma once

#include <Eigen/Core>

#include "fracbit/framework/kernels/outer/outer.h"

namespace fracbit::kernels::outer {
namespace {

namespace vec = Eigen::internal;
using Packet = vec::packet_traits<real>::type;
constexpr int kWidth = vec::packet_traits<real>::size;
constexpr int kVectors = 2, kColumns = kVectors * kWidth, kRows = 6;

/// R filters of two vectors of channels, of which the first `count` are written.
template <int R>
void tile(const OuterProduct& d, int64_t f, int64_t k, int64_t count) {
  Packet sums[R][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = vec::pset1<Packet>(0);
  const real* g = d.g + f;
  const real* x = d.x + k;
  for (int64_t b = 0; b < d.samples; ++b, g += d.g_sample, x += d.x_sample) {
    const Packet scale = vec::pset1<Packet>(d.scale[b]);
    const Packet inputs[kVectors] = {vec::ploadu<Packet>(x), vec::ploadu<Packet>(x + kWidth)};
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Packet level = vec::pset1<Packet>(g[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = vec::pmadd(scale, vec::pmul(level, inputs[v]), sums[r][v]);
      }
    }
  }
  const Packet last = vec::pset1<Packet>(d.last_scale);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    real* y = d.y + (f + r) * d.y_filter + k;
    real some[kColumns];
    real* to = count == kColumns ? y : some;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      vec::pstoreu(to + v * kWidth, vec::pmul(sums[r][v], last));
    }
    for (int64_t i = 0; to == some && i < count; ++i) y[i] = some[i];
  }
}

void product(const OuterProduct& d) noexcept {
  for (int64_t k = 0; k < d.channels; k += kColumns) {
    const int64_t count = d.channels - k < kColumns ? d.channels - k : kColumns;
    int64_t f = 0;
    for (; f + kRows <= d.filters; f += kRows) tile<kRows>(d, f, k, count);
    for (; f < d.filters; ++f) tile<1>(d, f, k, count);
  }
}

}  // namespace
}  // namespace fracbit::kernels::outer
